package import EventSourcing

/// What a frame is.
package enum FrameKind: UInt8, Hashable, Sendable {
    /// One append: its events.
    case commit = 1
    /// A writer begins: frames behind it carry a new epoch.
    case open = 2
    /// Nothing but its durable mark.
    case mark = 3
    /// The end of a sealed segment.
    case footer = 4
    /// An aggregate's state.
    case snapshot = 5
    /// An aggregate's snapshots up to here do not count any more.
    case snapshotDeletion = 6
    /// Events of a stream below a version are released.
    case truncation = 7
    /// All events of a stream are released, and it can never be appended to again.
    case tombstone = 8

    /// Whether somebody was told that the frame is stored.
    var isAcknowledged: Bool {
        switch self {
        case .commit, .truncation, .tombstone: true
        case .open, .mark, .footer, .snapshot, .snapshotDeletion: false
        }
    }
}

/// The first 88 bytes of a frame.
package struct FrameHeader: Hashable, Sendable {
    package var kind: FrameKind
    package var flags: UInt8 = 0
    /// The body, padding included, in bytes.
    package var bodyLength: Int = 0
    package var bodyChecksum: UInt32 = 0
    package var eventCount: Int = 0
    package var epoch: UInt64
    /// The offset in the segment below which everything was on the device when the frame was written.
    package var durableMark: Int
    package var firstPosition: Int = 0
    package var firstVersion: Int = 0
    package var storedAt: Timestamp
    /// The checksum of the aggregate type's UTF-8: a scan for other types need not look into the body.
    package var aggregateTypeTag: UInt32 = 0
    package var aggregateID: UInt128 = 0

    /// The append that the frame holds was acknowledged without a sync.
    package static let acknowledgedUnsynced: UInt8 = 1
    /// The truncation left no event: the stream begins again behind it.
    package static let emptiesStream: UInt8 = 2

    package init(kind: FrameKind, epoch: UInt64, durableMark: Int, storedAt: Timestamp) {
        self.kind = kind
        self.epoch = epoch
        self.durableMark = durableMark
        self.storedAt = storedAt
    }

    /// Header and body, in bytes.
    package var frameLength: Int { Format.frameHeaderBytes + bodyLength }

    package var positions: ClosedRange<Position>? {
        kind == .commit ? Position(firstPosition)...Position(firstPosition + eventCount - 1) : nil
    }

    package var versions: ClosedRange<Int>? {
        kind == .commit ? firstVersion...(firstVersion + eventCount - 1) : nil
    }

    /// Appends the encoded header, its checksum bound to where it will stand.
    package func encode(into bytes: inout [UInt8], at offset: Int, binding: ChecksumBinding) {
        let start = bytes.count
        bytes.append(encodingBytes: Format.frameHeaderBytes) { header in
            header.append(number: Format.frameMagic)
            header.append(number: UInt32(0))
            header.append(number: UInt32(bodyLength))
            header.append(number: bodyChecksum)
            header.append(kind.rawValue)
            header.append(flags)
            header.append(number: UInt16(0))
            header.append(number: UInt32(eventCount))
            header.append(number: epoch)
            header.append(number: UInt64(durableMark))
            header.append(number: UInt64(firstPosition))
            header.append(number: UInt64(firstVersion))
            header.append(number: storedAt.seconds)
            header.append(number: storedAt.nanoseconds)
            header.append(number: aggregateTypeTag)
            header.append(number: aggregateID.bigEndian)
        }
        bytes.store(Self.checksum(of: bytes, from: start, at: offset, binding: binding), at: start + 4)
    }

    private static func checksum(
        of bytes: [UInt8], from start: Int, at offset: Int, binding: ChecksumBinding
    ) -> UInt32 {
        binding.checksum(of: bytes.span.bytes.extracting(start + 8..<start + Format.frameHeaderBytes), at: offset)
    }

    /// Reads the header of a frame that stands at an offset of its file; nil where there is none that verifies.
    package init?(decoding bytes: RawSpan, at offset: Int, binding: ChecksumBinding) {
        guard
            bytes.byteCount >= Format.frameHeaderBytes,
            bytes.number(at: 0, as: UInt32.self) == Format.frameMagic,
            bytes.number(at: 4, as: UInt32.self)
                == binding.checksum(of: bytes.extracting(8..<Format.frameHeaderBytes), at: offset),
            let kind = FrameKind(rawValue: bytes.number(at: 16)),
            let storedAt = Timestamp(seconds: bytes.number(at: 56), nanoseconds: bytes.number(at: 64)),
            let durableMark = Int(exactly: bytes.number(at: 32, as: UInt64.self)), durableMark <= offset,
            durableMark >= Format.segmentHeaderBytes, durableMark.isMultiple(of: Format.alignment),
            let firstPosition = Int(exactly: bytes.number(at: 40, as: UInt64.self)),
            let firstVersion = Int(exactly: bytes.number(at: 48, as: UInt64.self))
        else { return nil }
        self.init(kind: kind, epoch: bytes.number(at: 24), durableMark: durableMark, storedAt: storedAt)
        flags = bytes.number(at: 17)
        bodyLength = Int(bytes.number(at: 8, as: UInt32.self))
        bodyChecksum = bytes.number(at: 12)
        eventCount = Int(bytes.number(at: 20, as: UInt32.self))
        self.firstPosition = firstPosition
        self.firstVersion = firstVersion
        aggregateTypeTag = bytes.number(at: 68)
        aggregateID = UInt128(bigEndian: bytes.number(at: 72, as: UInt128.self).littleEndian)
        guard
            bodyLength <= Format.longestBody, bodyLength.isMultiple(of: Format.alignment),
            offset <= Format.longestSegment - frameLength, bytes.number(at: 18, as: UInt16.self) == 0, isConsistent
        else { return nil }
    }

    /// Whether the fields fit the kind; a crafted header may verify and still not.
    private var isConsistent: Bool {
        switch kind {
        case .commit:
            return flags & ~Self.acknowledgedUnsynced == 0 && eventCount > 0 && Self.isNumber(firstPosition)
                && Self.isNumber(firstVersion) && Self.isNumber(firstPosition + eventCount - 1)
                && Self.isNumber(firstVersion + eventCount - 1) && bodyLength >= eventCount * Format.eventHeaderBytes
        case .open: return hasNoStream && bodyLength == Format.openBodyBytes
        case .mark: return hasNoStream && bodyLength == 0
        case .footer: return hasNoStream && bodyLength == Format.footerBodyBytes
        case .snapshot:
            return isOfSnapshots && Self.isNumber(firstVersion) && bodyLength > Format.snapshotHeaderBytes
        case .snapshotDeletion: return isOfSnapshots && firstVersion == 0 && bodyLength > 0
        case .truncation:
            return flags & ~(Self.acknowledgedUnsynced | Self.emptiesStream) == 0 && isOfRelease
                && Self.isNumber(firstVersion)
        case .tombstone:
            return flags & ~Self.acknowledgedUnsynced == 0 && isOfRelease
                && (firstVersion == 0 || Self.isNumber(firstVersion))
        }
    }

    private var hasNoStream: Bool {
        flags == 0 && eventCount == 0 && firstPosition == 0 && firstVersion == 0 && aggregateTypeTag == 0
            && aggregateID == 0
    }

    private var isOfSnapshots: Bool {
        flags == 0 && eventCount == 0 && firstPosition == 0
    }

    private var isOfRelease: Bool {
        eventCount == 0 && firstPosition == 0 && bodyLength > 0
    }

    private static func isNumber(_ value: Int) -> Bool {
        (1..<Format.numberLimit).contains(value)
    }

    /// Whether a body is the one that the header was written for.
    package func verifies(body: RawSpan) -> Bool {
        body.byteCount == bodyLength && Checksum.crc32c(body) == bodyChecksum
    }

    /// The tag of an aggregate type.
    package static func tag(of aggregateType: String) -> UInt32 {
        var name = aggregateType
        return name.withUTF8 { utf8 in Checksum.crc32c(utf8.span.bytes) }
    }
}
