import EventSourcing
import Testing

@testable import Strata

@Suite struct ManifestTests {
    static let manifest = Manifest(
        storeID: 0x0011_2233_4455_6677_8899_AABB_CCDD_EEFF, generation: 0x0102_0304_0506_0708,
        createdAt: Timestamp(uncheckedSeconds: 1_700_000_000, nanoseconds: 42),
        sealed: [
            Manifest.SealedSegment(
                firstPosition: 1, lastPosition: 100, bytes: 50_000, eventCount: 100, commitCount: 60,
                digest: 0xA1A2_A3A4),
            Manifest.SealedSegment(
                firstPosition: 101, lastPosition: 250, bytes: 60_000, eventCount: 120, commitCount: 120,
                digest: 0xB1B2_B3B4, generation: 0x0102_0304, contentLength: 70_000),
        ], active: 251)
    /// Where the entries of the sealed segments begin.
    static let entries = [64, 128]

    @Test func whatIsEncodedIsDecoded() throws {
        #expect(try Manifest(decoding: Self.manifest.encoded()) == Self.manifest)
    }

    @Test(arguments: extremeTimestamps)
    func everyTimeOfCreationIsKept(_ timestamp: Timestamp) throws {
        let manifest = Manifest(storeID: 1, generation: 7, createdAt: timestamp, sealed: [], active: 1)
        #expect(try Manifest(decoding: manifest.encoded()) == manifest)
    }

    @Test func fieldsAtTheirLimitsAreKept() throws {
        let limit = UInt64(Format.numberLimit)
        let segment = Manifest.SealedSegment(
            firstPosition: 1, lastPosition: limit - 2, bytes: 1 << 32, eventCount: (1 << 32) / 48 - 1, commitCount: 1,
            digest: 0)
        let manifest = Manifest(
            storeID: .max, generation: 1, createdAt: .distantPast, sealed: [segment], active: limit - 1)
        #expect(try Manifest(decoding: manifest.encoded()) == manifest)
    }

    @Test func aManifestOfAnotherLengthIsRefused() {
        let bytes = Self.manifest.encoded()
        for length in 0..<bytes.count {
            expect(length < 64 ? .truncated : .wrongChecksum, from: Array(bytes.prefix(length)), "length \(length)")
        }
        expect(.wrongChecksum, from: bytes + [0])
        expect(.invalidField, from: (bytes + [0]).resealed)
        expect(.invalidField, from: Array(bytes.dropLast(64)).resealed)
    }

    @Test func everyFlippedBitIsNoticed() {
        for (bit, bytes) in Self.manifest.encoded().withEachBitFlipped {
            expect(bit < 64 ? .wrongMagic : .wrongChecksum, from: bytes, "bit \(bit)")
        }
    }

    @Test func aNewerVersionIsToldFromDamage() {
        expect(.newerVersion(3), from: Self.manifest.encoded().with(UInt16(3), at: 8).resealed)
    }

    static let impossibleFields: [(String, Int, UInt64)] = [
        ("active within the last sealed segment", 56, 250),
        ("active 0", 56, 0),
        ("active at the limit", 56, UInt64(Format.numberLimit)),
        ("active beyond the limit", 56, .max),
        ("first position 0", 64, 0),
        ("first position within the segment before", 128, 100),
        ("first position behind the last", 128, 251),
        ("last position before the first", 72, 0),
        ("last position at the limit", 136, UInt64(Format.numberLimit)),
        ("last position beyond the limit", 136, .max),
        ("fewer bytes than the events need", 80, 4_800),
        ("more bytes than a segment has", 80, 1 << 32 + 1),
        ("no bytes", 80, 0),
        ("no events", 88, 0),
        ("more events than positions", 88, 101),
        ("events without number", 88, .max),
        ("no commits", 96, 0),
        ("more commits than events", 96, 101),
        ("a generation as written", 112, 1),
        ("another content than the file's", 120, 50_008),
        ("compacted of generation 0", 176, 0),
        ("compacted after the manifest", 176, 0x0102_0304_0506_0709),
        ("compacted with more content than can be", 184, 1 << 32 + 1),
        ("compacted with more content than the file can hold", 184, 256 * 60_000),
        ("compacted with too little content", 184, 48 * 120),
        ("compacted with a file that is too long", 144, 1 << 32 + 1),
        ("compacted with commits without events", 152, 0),
        ("compacted with events without commits", 160, 0),
    ]

    @Test(arguments: impossibleFields)
    func anImpossibleFieldUnderARightChecksumIsRefused(_ field: String, _ offset: Int, _ value: UInt64) {
        expect(.invalidField, from: Self.manifest.encoded().with(value, at: offset).resealed, "\(field)")
    }

    @Test func reservedBytesMustBeZero() {
        for offset in [10, 11] + Self.entries.flatMap({ $0 + 45..<$0 + 48 }) {
            expect(.invalidField, from: Self.manifest.encoded().with(UInt8(1), at: offset).resealed, "\(offset)")
        }
    }

    @Test(arguments: [UInt8(0), 2, 4, .max])
    func anotherKindOfSegmentIsRefused(_ kind: UInt8) {
        for start in Self.entries {
            expect(.invalidField, from: Self.manifest.encoded().with(kind, at: start + 44).resealed, "\(start)")
        }
    }

    @Test func aCompactedSegmentMayBeEmpty() throws {
        var manifest = Self.manifest
        manifest.sealed[1].eventCount = 0
        manifest.sealed[1].commitCount = 0
        #expect(try Manifest(decoding: manifest.encoded()) == manifest)
    }

    @Test func entriesOfVersion1AreSegmentsAsWritten() throws {
        let decoded = try Manifest(decoding: Self.version1)
        #expect(decoded.formatVersion == 1)
        #expect(decoded.sealed == [Self.manifest.sealed[0]])
        #expect(decoded.active == 251)
        expect(.invalidField, from: Self.version1.with(UInt8(1), at: 64 + 44).resealed)
        expect(.invalidField, from: (Self.version1 + [UInt8](repeating: 0, count: 16)).resealed)
    }

    /// A manifest as version 1 wrote it, with the first entry.
    private static var version1: [UInt8] {
        (manifest.encoded().prefix(64 + 44) + [0, 0, 0, 0]).with(UInt16(1), at: 8).with(UInt32(1), at: 52).resealed
    }

    @Test func versionZeroIsRefused() {
        expect(.invalidField, from: Self.manifest.encoded().with(UInt16(0), at: 8).resealed)
    }

    @Test(arguments: [UInt32(0), 1, 3, .max])
    func anotherNumberOfSegmentsIsRefused(_ count: UInt32) {
        expect(.invalidField, from: Self.manifest.encoded().with(count, at: 52).resealed)
    }

    @Test func moreSegmentsThanAStoreCanHaveAreRefused() throws {
        func manifest(sealed count: Int) -> [UInt8] {
            let sealed = (1...UInt64(count)).map { position in
                Manifest.SealedSegment(
                    firstPosition: position, lastPosition: position, bytes: 400, eventCount: 1, commitCount: 1,
                    digest: 0)
            }
            return Manifest(
                storeID: 1, generation: 1, createdAt: .distantPast, sealed: sealed, active: UInt64(count) + 1
            ).encoded()
        }
        #expect(try Manifest(decoding: manifest(sealed: 1 << 18 - 1)).sealed.count == 1 << 18 - 1)
        expect(.invalidField, from: manifest(sealed: 1 << 18))
    }

    @Test(arguments: impossibleTimestamps)
    func anImpossibleTimeIsRefused(_ seconds: Int64, _ nanoseconds: UInt32) {
        expect(.invalidField, from: Self.manifest.encoded().with(seconds, at: 40).with(nanoseconds, at: 48).resealed)
    }

    private func expect(_ error: FormatError, from bytes: [UInt8], _ comment: Comment? = nil) {
        #expect(throws: error, comment) { try Manifest(decoding: bytes) }
    }

    @Test func contentThatIsTooLongIsRefusedWhateverTheFile() throws {
        var manifest = Self.manifest
        manifest.sealed[1].bytes = 1 << 32
        manifest.sealed[1].contentLength = 1 << 32
        #expect(try Manifest(decoding: manifest.encoded()) == manifest)
        manifest.sealed[1].contentLength += 8
        expect(.invalidField, from: manifest.encoded())
    }

    @Test func noCompactionHasComeBehindTheActiveSegment() {
        let manifest = Manifest(storeID: 1, generation: 2, createdAt: .distantPast, sealed: [], active: 51)
        #expect(manifest.hasReplaced(SegmentIdentity(number: 1, generation: 2)))
        #expect(!manifest.hasReplaced(SegmentIdentity(number: 51, generation: 2)))
        #expect(!manifest.hasReplaced(SegmentIdentity(number: 101, generation: 3)))
    }
}
