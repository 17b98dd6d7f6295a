import EventSourcing

/// A stream of a segment, in 40 bytes.
struct SidecarStream: Hashable {
    static let bytes = 40

    /// The place among the segment's streams.
    let index: Int
    let id: UInt128
    let firstVersion: Int
    /// The place of the aggregate type among those of the segment.
    let type: Int
    /// The place of the first commit; those up to the next stream's first one are the stream's.
    let firstCommit: Int
    let eventCount: Int
    /// Of the stream's frames, rounded down to the format's alignment.
    let bytes: Int

    var lastVersion: Int { firstVersion + eventCount - 1 }
}

extension SidecarStream {
    /// - Returns: nil where the versions are none that there can be.
    init?(decoding record: RawSpan, at index: Int) {
        self.index = index
        id = UInt128(bigEndian: record.number(at: 0, as: UInt128.self).littleEndian)
        guard
            let firstVersion = Int(exactly: record.number(at: 16, as: UInt64.self)),
            firstVersion < Format.numberLimit
        else { return nil }
        self.firstVersion = firstVersion
        type = Int(record.number(at: 24, as: UInt32.self))
        firstCommit = Int(record.number(at: 28, as: UInt32.self))
        eventCount = Int(record.number(at: 32, as: UInt32.self))
        bytes = Int(record.number(at: 36, as: UInt32.self)) * Format.alignment
    }
}

/// A commit of a stream, in 8 bytes: where its frame is, and how many events the stream has in the segment up to and
/// with it.
struct SidecarCommit: Hashable {
    private static let unitBits: UInt64 = 29
    let rawValue: UInt64

    init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    init(offset: Int, eventsSoFar: Int) {
        rawValue = UInt64(eventsSoFar) << Self.unitBits | UInt64(offset / Format.alignment)
    }

    var offset: Int { Int(rawValue & (1 << Self.unitBits - 1)) * Format.alignment }
    var eventsSoFar: Int { Int(rawValue >> Self.unitBits) }
}

/// An event, in 8 bytes: where its frame is, and the lower 35 bits of the hash of its id.
struct SidecarEvent: Hashable {
    private static let unitBits: UInt64 = 29
    let rawValue: UInt64

    init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    init(_ hash: UInt64, unit: UInt32) {
        rawValue = hash << Self.unitBits | UInt64(unit)
    }

    var offset: Int { Int(rawValue & (1 << Self.unitBits - 1)) * Format.alignment }

    /// Whether the event may be one of a hash.
    @inline(__always)
    func mayBe(_ hash: UInt64) -> Bool { rawValue >> Self.unitBits == hash & (1 << 35 - 1) }
}

/// Where a block of a compacted segment begins.
struct SidecarBlock: Hashable, Sendable {
    static let bytes = 16

    /// The offset of its first frame.
    let offset: Int
    /// Where the block is in the file.
    let fileOffset: Int
}

extension [UInt8] {
    mutating func append(_ stream: SidecarStream) {
        append(number: stream.id.bigEndian)
        append(number: UInt64(stream.firstVersion))
        append(number: UInt32(stream.type))
        append(number: UInt32(stream.firstCommit))
        append(number: UInt32(stream.eventCount))
        append(number: UInt32(clamping: stream.bytes / Format.alignment))
    }

    mutating func append(_ type: IndexedType) {
        append(UInt8(type.name.utf8.count))
        append(contentsOf: type.name.utf8)
        padToAlignment()
        append(number: UInt32(type.streamCount))
        append(number: UInt32(type.beginningCount))
        append(number: UInt32(type.eventCount))
        append(number: UInt32(type.commitCount))
    }

    mutating func append(_ release: IndexedRelease) {
        append(number: release.id.bigEndian)
        append(number: UInt64(release.version))
        append(number: UInt32(release.type) << 1 | (release.isTombstone ? 1 : 0))
        append(number: UInt32(release.offset / Format.alignment))
    }

    mutating func append(_ mark: WalkMark) {
        append(number: UInt64(mark.firstPosition))
        append(number: mark.storedAt.seconds)
        append(number: mark.storedAt.nanoseconds)
        append(number: UInt32(mark.offset / Format.alignment))
    }

    mutating func append(_ block: SidecarBlock) {
        append(number: UInt64(block.offset))
        append(number: UInt64(block.fileOffset))
    }
}

extension IndexedType {
    /// Reads a type, and moves behind it.
    init?(decoding section: RawSpan, at offset: inout Int) {
        guard offset < section.byteCount else { return nil }
        let name = offset + 1..<offset + 1 + Int(section.number(at: offset, as: UInt8.self))
        let end = offset + Format.aligned(name.upperBound - offset) + 16
        guard
            end <= section.byteCount, section.extracting(name).isAggregateType,
            let text = section.extracting(name).text
        else { return nil }
        self.init(text)
        streamCount = Int(section.number(at: end - 16, as: UInt32.self))
        beginningCount = Int(section.number(at: end - 12, as: UInt32.self))
        eventCount = Int(section.number(at: end - 8, as: UInt32.self))
        commitCount = Int(section.number(at: end - 4, as: UInt32.self))
        offset = end
    }
}

extension IndexedRelease {
    static let bytes = 32

    init?(decoding record: RawSpan, typeCount: Int) {
        let type = record.number(at: 24, as: UInt32.self)
        guard
            let version = Int(exactly: record.number(at: 16, as: UInt64.self)), version < Format.numberLimit,
            type >> 1 < typeCount
        else { return nil }
        self.init(
            type: Int(type >> 1), id: UInt128(bigEndian: record.number(at: 0, as: UInt128.self).littleEndian),
            version: version, isTombstone: type & 1 == 1,
            offset: Int(record.number(at: 28, as: UInt32.self)) * Format.alignment)
    }
}

extension WalkMark {
    static let bytes = 24

    init?(decoding record: RawSpan) {
        guard
            let firstPosition = Int(exactly: record.number(at: 0, as: UInt64.self)),
            let storedAt = Timestamp(seconds: record.number(at: 8), nanoseconds: record.number(at: 16))
        else { return nil }
        self.init(
            firstPosition: firstPosition, storedAt: storedAt,
            offset: Int(record.number(at: 20, as: UInt32.self)) * Format.alignment)
    }
}

extension SidecarBlock {
    init?(decoding record: RawSpan) {
        guard
            let offset = Int(exactly: record.number(at: 0, as: UInt64.self)),
            let fileOffset = Int(exactly: record.number(at: 8, as: UInt64.self))
        else { return nil }
        self.init(offset: offset, fileOffset: fileOffset)
    }
}
