package import EventSourcing

/// The body of a snapshot's frame.
package struct SnapshotBody: Hashable, Sendable {
    /// How the state is stored.
    enum Compression: UInt8 {
        case none = 0
        case lz4 = 1
    }

    /// The state's length before compression.
    package let stateLength: Int
    package let schemaVersion: Int
    package let contentType: ContentType
    package let createdAt: Timestamp
    package let aggregateType: String
    let compression: Compression
    /// The stored state, as a range of the body.
    let stored: Range<Int>

    /// Encodes a snapshot that has passed ``EventLimits``; the state is compressed where that makes it shorter.
    package static func encode(_ snapshot: Snapshot) -> [UInt8] {
        let compressed = snapshot.state.withSpan { LZ4Block.compress($0) }
        let name = snapshot.stream.aggregateType.utf8
        var body: [UInt8] = []
        body.reserveCapacity(
            Format.snapshotHeaderBytes + name.count + (compressed?.count ?? snapshot.state.count) + Format.alignment)
        body.append(number: UInt32(snapshot.state.count))
        body.append(number: UInt32(compressed?.count ?? snapshot.state.count))
        body.append(number: UInt32(snapshot.schemaVersion))
        body.append(snapshot.contentType.rawValue)
        body.append((compressed == nil ? Compression.none : .lz4).rawValue)
        body.append(number: UInt16(name.count))
        body.append(number: snapshot.createdAt.seconds)
        body.append(number: snapshot.createdAt.nanoseconds)
        body.append(number: UInt32(0))
        body.append(contentsOf: name)
        if let compressed { body.append(contentsOf: compressed) } else { body.append(contentsOf: snapshot.state) }
        body.padToAlignment()
        return body
    }

    /// Reads the body of a frame whose checksums have been verified; nil where it is not laid out as it should be.
    package init?(decoding body: RawSpan, header: FrameHeader) {
        guard body.byteCount > Format.snapshotHeaderBytes else { return nil }
        stateLength = Int(body.number(at: 0, as: UInt32.self))
        let storedLength = Int(body.number(at: 4, as: UInt32.self))
        schemaVersion = Int(body.number(at: 8, as: UInt32.self))
        contentType = ContentType(rawValue: body.number(at: 12))
        let nameEnd = Format.snapshotHeaderBytes + Int(body.number(at: 14, as: UInt16.self))
        let storedEnd = nameEnd + storedLength
        guard
            let compression = Compression(rawValue: body.number(at: 13)),
            let createdAt = Timestamp(seconds: body.number(at: 16), nanoseconds: body.number(at: 24)),
            body.number(at: 28, as: UInt32.self) == 0,
            Format.aligned(storedEnd) == body.byteCount, body.isZero(in: storedEnd..<body.byteCount),
            stateLength <= EventLimits.snapshotStateBytes,
            compression == .lz4 ? storedLength < stateLength : stateLength == storedLength
        else { return nil }
        let name = body.extracting(Format.snapshotHeaderBytes..<nameEnd)
        guard
            name.isAggregateType, Checksum.crc32c(name) == header.aggregateTypeTag, let text = name.text
        else { return nil }
        self.compression = compression
        self.createdAt = createdAt
        aggregateType = text
        stored = nameEnd..<storedEnd
    }

    /// The state; nil where its compressed form is damaged.
    package func state(in body: RawSpan) -> Bytes? {
        let stored = body.extracting(self.stored)
        return switch compression {
        case .none: Bytes(copying: stored)
        case .lz4: LZ4Block.decompress(stored, length: stateLength).map { Bytes($0) }
        }
    }
}

/// The body of a frame that tells nothing but a stream: the aggregate type, laid out as in a commit.
package enum AggregateTypeBody {
    package static func encode(aggregateType: String) -> [UInt8] {
        var body = [UInt8(aggregateType.utf8.count)]
        body.append(contentsOf: aggregateType.utf8)
        body.padToAlignment()
        return body
    }

    package static func aggregateType(in body: RawSpan, header: FrameHeader) -> String? {
        guard
            let range = CommitBody.aggregateTypeRange(in: body, header: header),
            Format.aligned(range.upperBound) == body.byteCount
        else { return nil }
        return body.extracting(range).text
    }
}
