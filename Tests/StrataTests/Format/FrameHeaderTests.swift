import EventSourcing
import Testing

@testable import Strata

@Suite struct FrameHeaderTests {
    static let storeID: UInt128 = 0x0011_2233_4455_6677_8899_AABB_CCDD_EEFF
    static let binding = ChecksumBinding(storeID: storeID, kind: .events, number: 1)
    static let offset = 4_096

    /// A possible header of a kind, with as many fields set as the kind allows.
    static func header(_ kind: FrameKind) -> FrameHeader {
        var header = FrameHeader(
            kind: kind, epoch: 0xF1F2_F3F4_F5F6_F7F8, durableMark: 1_024,
            storedAt: Timestamp(uncheckedSeconds: 1_700_000_000, nanoseconds: 999_999_999))
        switch kind {
        case .commit:
            header.flags = FrameHeader.acknowledgedUnsynced
            header.bodyLength = 480
            header.eventCount = 3
            header.firstPosition = 77
            header.firstVersion = 5
        case .open: header.bodyLength = 8
        case .mark: break
        case .footer: header.bodyLength = 40
        case .snapshot:
            header.bodyLength = 40
            header.firstVersion = 5
        case .snapshotDeletion: header.bodyLength = 8
        case .truncation:
            header.flags = FrameHeader.acknowledgedUnsynced | FrameHeader.emptiesStream
            header.bodyLength = 8
            header.firstVersion = 5
        case .tombstone:
            header.flags = FrameHeader.acknowledgedUnsynced
            header.bodyLength = 8
            header.firstVersion = 5
        }
        header.bodyChecksum = 0xA1A2_A3A4
        if ![.open, .mark, .footer].contains(kind) {
            header.aggregateTypeTag = 0xB1B2_B3B4
            header.aggregateID = 0xC1C2_C3C4_C5C6_C7C8_C9CA_CBCC_CDCE_CFD0
        }
        return header
    }

    static let kinds: [FrameKind] = [
        .commit, .open, .mark, .footer, .snapshot, .snapshotDeletion, .truncation, .tombstone,
    ]

    static func encoded(_ header: FrameHeader, at offset: Int = offset) -> [UInt8] {
        var bytes: [UInt8] = []
        header.encode(into: &bytes, at: offset, binding: binding)
        return bytes
    }

    static func decoded(_ bytes: [UInt8], at offset: Int = offset, _ binding: ChecksumBinding = binding) -> FrameHeader?
    {
        FrameHeader(decoding: bytes.span.bytes, at: offset, binding: binding)
    }

    @Test(arguments: kinds)
    func whatIsEncodedIsDecoded(_ kind: FrameKind) {
        #expect(Self.decoded(Self.encoded(Self.header(kind))) == Self.header(kind))
    }

    @Test(arguments: extremeTimestamps)
    func everyTimeOfStoringIsKept(_ timestamp: Timestamp) {
        var header = Self.header(.commit)
        header.storedAt = timestamp
        #expect(Self.decoded(Self.encoded(header)) == header)
    }

    @Test func fieldsAtTheirLimitsAreKept() {
        var header = Self.header(.commit)
        header.durableMark = Self.offset
        header.bodyLength = Format.longestBody
        header.eventCount = Format.longestBody / Format.eventHeaderBytes
        header.firstPosition = Format.numberLimit - header.eventCount
        header.firstVersion = Format.numberLimit - header.eventCount
        #expect(Self.decoded(Self.encoded(header)) == header)
        header.firstPosition += 1
        #expect(Self.decoded(Self.encoded(header)) == nil)
        header.firstPosition -= 1
        header.firstVersion += 1
        #expect(Self.decoded(Self.encoded(header)) == nil)
        let last = Format.longestSegment - Format.frameHeaderBytes
        #expect(Self.decoded(Self.encoded(Self.header(.mark), at: last), at: last) == Self.header(.mark))
    }

    @Test func aHeaderCanFollowOtherBytesInABuffer() {
        var buffer: [UInt8] = [1, 2, 3]
        Self.header(.commit).encode(into: &buffer, at: Self.offset, binding: Self.binding)
        #expect(buffer == [1, 2, 3] + Self.encoded(Self.header(.commit)))
    }

    @Test func aHeaderThatIsCutOffIsRefused() {
        for length in 0..<88 {
            #expect(Self.decoded(Array(Self.encoded(Self.header(.commit)).prefix(length))) == nil)
        }
    }

    @Test(arguments: kinds)
    func everyFlippedBitIsNoticed(_ kind: FrameKind) {
        for (bit, bytes) in Self.encoded(Self.header(kind)).withEachBitFlipped {
            #expect(Self.decoded(bytes) == nil, "bit \(bit)")
        }
    }

    @Test func aHeaderVerifiesInItsOwnPlaceOnly() {
        let bytes = Self.encoded(Self.header(.commit))
        #expect(Self.decoded(bytes, at: Self.offset + 8) == nil)
        for other in [
            ChecksumBinding(storeID: Self.storeID + 1, kind: .events, number: 1),
            ChecksumBinding(storeID: Self.storeID + 1 << 64, kind: .events, number: 1),
            ChecksumBinding(storeID: Self.storeID, kind: .snapshots, number: 1),
            ChecksumBinding(storeID: Self.storeID, kind: .events, number: 2),
        ] {
            #expect(Self.decoded(bytes, other) == nil)
        }
    }

    typealias Change = (String, @Sendable (inout FrameHeader) -> Void)

    static let impossibleCommits: [Change] = [
        ("an unknown flag", { $0.flags = 2 }),
        ("no events", { $0.eventCount = 0 }),
        ("more events than the body has room for", { $0.eventCount = 11 }),
        ("position 0", { $0.firstPosition = 0 }),
        ("a position at the limit", { $0.firstPosition = Format.numberLimit }),
        ("version 0", { $0.firstVersion = 0 }),
        ("a version at the limit", { $0.firstVersion = Format.numberLimit }),
        ("a body whose length is no multiple of 8", { $0.bodyLength += 4 }),
        ("a body that is too long", { $0.bodyLength = Format.longestBody + 8 }),
    ]
    static let impossibleMarks: [Change] = [
        ("a durable mark above the frame", { $0.durableMark = offset + 8 }),
        ("a durable mark within the segment's header", { $0.durableMark = 56 }),
        ("a durable mark where no frame begins", { $0.durableMark = 1_028 }),
    ]
    static let unusedOutsideStreams: [Change] = [
        ("a flag", { $0.flags = 1 }), ("events", { $0.eventCount = 1 }), ("a position", { $0.firstPosition = 1 }),
        ("a version", { $0.firstVersion = 1 }), ("a tag", { $0.aggregateTypeTag = 1 }),
        ("an aggregate", { $0.aggregateID = 1 }), ("another body", { $0.bodyLength += 8 }),
    ]
    static let unusedInSnapshots: [Change] = [
        ("a flag", { $0.flags = 1 }), ("events", { $0.eventCount = 1 }), ("a position", { $0.firstPosition = 1 }),
    ]
    static let impossibleSnapshots: [Change] = [
        ("a body without a name", { $0.bodyLength = 32 }), ("version 0", { $0.firstVersion = 0 }),
        ("a version at the limit", { $0.firstVersion = Format.numberLimit }),
    ]
    static let impossibleDeletions: [Change] = [
        ("no body", { $0.bodyLength = 0 }), ("a version", { $0.firstVersion = 1 }),
    ]

    static let impossibleReleases: [Change] = [
        ("events", { $0.eventCount = 1 }), ("a position", { $0.firstPosition = 1 }), ("no body", { $0.bodyLength = 0 }),
        ("a version at the limit", { $0.firstVersion = Format.numberLimit }), ("an unknown flag", { $0.flags |= 4 }),
    ]

    static let impossibleTruncations: [Change] = [("version 0", { $0.firstVersion = 0 })]
    static let impossibleTombstones: [Change] = [("the flag of a truncation", { $0.flags |= 2 })]

    /// Fields that cannot be, each by itself.
    static func impossibleFields(_ kind: FrameKind) -> [Change] {
        switch kind {
        case .commit: impossibleCommits + impossibleMarks
        case .open, .mark, .footer: unusedOutsideStreams + impossibleMarks
        case .snapshot: unusedInSnapshots + impossibleSnapshots + impossibleMarks
        case .snapshotDeletion: unusedInSnapshots + impossibleDeletions + impossibleMarks
        case .truncation: impossibleReleases + impossibleMarks + impossibleTruncations
        case .tombstone: impossibleReleases + impossibleMarks + impossibleTombstones
        }
    }

    @Test(arguments: kinds)
    func anImpossibleFieldUnderARightChecksumIsRefused(_ kind: FrameKind) {
        for (field, change) in Self.impossibleFields(kind) {
            var header = Self.header(kind)
            change(&header)
            #expect(Self.decoded(Self.encoded(header)) == nil, "\(field)")
        }
    }

    @Test func bytesThatNoFieldCanHoldAreRefused() {
        let bytes = Self.encoded(Self.header(.commit))
        var crafted = [
            bytes.with(UInt8(0), at: 16), bytes.with(UInt8(9), at: 16), bytes.with(UInt8(255), at: 16),
            bytes.with(UInt16(1), at: 18), bytes.with(UInt32.max & ~7, at: 8),
            bytes.with(UInt64.max, at: 32), bytes.with(UInt64.max, at: 40), bytes.with(UInt64.max, at: 48),
        ]
        for (seconds, nanoseconds) in impossibleTimestamps {
            crafted.append(bytes.with(seconds, at: 56).with(nanoseconds, at: 64))
        }
        for (index, bytes) in crafted.enumerated() {
            #expect(Self.decoded(bytes.resealed(at: Self.offset, Self.binding)) == nil, "\(index)")
        }
    }

    @Test func aFrameThatReachesBeyondTheLongestSegmentIsRefused() {
        let offset = Format.longestSegment - Format.frameHeaderBytes - 8
        var header = Self.header(.commit)
        header.eventCount = 1
        header.bodyLength = 56
        #expect(Self.decoded(Self.encoded(header, at: offset), at: offset) == nil)
    }

    @Test func aBodyVerifiesWholeAndUnchangedOnly() {
        let body = Array("sixteen bytes...".utf8)
        var header = Self.header(.commit)
        header.bodyLength = body.count
        header.bodyChecksum = Checksum.crc32c(body)
        #expect(header.verifies(body: body))
        #expect(!header.verifies(body: (body + [0])))
        for (bit, bytes) in body.withEachBitFlipped {
            #expect(!header.verifies(body: bytes), "bit \(bit)")
        }
        header.bodyLength += 8
        #expect(!header.verifies(body: body))
    }
}
