import EventSourcing

/// A stream of a segment, in 40 bytes.
package struct SidecarStream: Hashable {
    static let bytes = 40

    /// The place among the segment's streams.
    package let index: Int
    package let id: UInt128
    package let firstVersion: Int
    /// The place of the aggregate type among those of the segment.
    package let type: Int
    /// The place of the first commit; those up to the next stream's first one are the stream's.
    package let firstCommit: Int
    package let eventCount: Int
    /// Of the stream's frames, rounded down to the format's alignment.
    package let bytes: Int

    package var lastVersion: Int { firstVersion + eventCount - 1 }
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

    /// What is kept of a hash.
    @inline(__always)
    private static func kept(_ hash: UInt64) -> UInt64 { hash & (1 << 35 - 1) }

    /// Whether the event may be one of a hash.
    @inline(__always)
    func mayBe(_ hash: UInt64) -> Bool { rawValue >> Self.unitBits == Self.kept(hash) }

    /// What is kept of the event's hash, spread over 64 bits.
    var key: UInt64 { IndexHash.mixed(rawValue >> Self.unitBits) }

    /// The ``key`` of an event of a hash.
    @inline(__always)
    static func key(of hash: UInt64) -> UInt64 { IndexHash.mixed(kept(hash)) }
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
        append(number: UInt64(release.firstLiveVersion))
        append(
            number: UInt32(release.type) << 2 | (release.isTruncated ? 2 : 0) | (release.isTombstoned ? 1 : 0))
        append(number: UInt32(release.offset / Format.alignment))
    }

    mutating func append(_ mark: WalkMark) {
        append(number: UInt64(mark.firstPosition))
        append(number: mark.storedAt.seconds)
        append(number: mark.storedAt.nanoseconds)
        append(number: UInt32(mark.offset / Format.alignment))
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
            let firstLiveVersion = Int(exactly: record.number(at: 16, as: UInt64.self)),
            (1...Format.numberLimit).contains(firstLiveVersion), type >> 2 < typeCount
        else { return nil }
        self.init(
            type: Int(type >> 2), id: UInt128(bigEndian: record.number(at: 0, as: UInt128.self).littleEndian),
            firstLiveVersion: firstLiveVersion, isTruncated: type & 2 != 0, isTombstoned: type & 1 != 0,
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
