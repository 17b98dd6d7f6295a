import Testing

@testable import Strata

/// The first bytes of a sidecar say nothing that cannot be.
@Suite struct SidecarHeaderTests {
    private let bytes = IndexSample(seed: 1, commits: 300, streams: 40).encoded

    private func isRefused(_ bytes: [UInt8]) -> Bool {
        SidecarHeader(decoding: bytes) == nil
    }

    @Test func aSoundOneIsTaken() {
        #expect(!isRefused(bytes))
        #expect(!isRefused(bytes.resealedSidecar))
    }

    @Test func aHeaderThatIsCutOffIsRefused() {
        for length in 0..<312 {
            let cut = Array(bytes.prefix(length))
            #expect(isRefused(length < 56 ? cut : cut.with(UInt64(length), at: 48)), "length \(length)")
        }
    }

    @Test func anyFlippedBitOfTheHeaderAndTheChecksumsIsNoticed() {
        let start = Format.sidecarHeaderBytes + 4 * ((bytes.count + 4_095) / 4_096)
        for (bit, bytes) in Array(bytes[..<start]).withEachBitFlipped {
            #expect(isRefused(bytes + self.bytes[start...]), "bit \(bit)")
        }
    }

    /// Fields with what cannot be: their offsets and values.
    private static let impossibleFields: [(String, Int, UInt64)] = [
        ("another magic number", 0, Format.segmentMagic),
        ("a length that the file does not have", 48, 1 << 20),
        ("a length behind all numbers", 80, .max),
        ("content that is too long", 88, UInt64(Format.longestSegment) + 1),
        ("content behind all numbers", 88, .max),
        ("a first position behind all numbers", 104, .max),
        ("a last position behind all numbers", 112, .max),
        ("a first time behind all times", 120, UInt64(Int64.max)),
        ("a last time behind all times", 132, UInt64(Int64.max)),
        ("a filter with windows that are too large", 152, 19 | 1 << 32),
        ("a filter with too many windows", 152, 1 | 0x1_0001 << 32),
        ("a section that begins in the header", 160, 0),
        ("a section that begins behind all numbers", 176, .max),
        ("a section that ends behind all numbers", 168, .max),
        ("a section that is too long for its sums", 168, UInt64(Int.max)),
        ("a last section that is too short", 160 + 8 * 16 + 8, 0),
    ]

    @Test func anImpossibleFieldUnderARightChecksumIsRefused() {
        for (field, offset, value) in Self.impossibleFields {
            #expect(isRefused(bytes.with(value, at: offset).resealedSidecar), "\(field)")
        }
    }

    @Test func aSectionBeginsWhereTheOneBeforeEnds() {
        let second = 160 + 16
        let start = bytes.span.bytes.number(at: second, as: UInt64.self)
        #expect(isRefused(bytes.with(start + 8, at: second).resealedSidecar))
        #expect(isRefused(bytes.with(start - 8, at: second).resealedSidecar))
    }

    @Test(arguments: [10, 11, 60, 61, 62, 63])
    func reservedBytesMustBeZero(offset: Int) {
        #expect(isRefused(bytes.with(UInt8(1), at: offset).resealedSidecar))
    }

    @Test func anotherVersionIsRefused() {
        #expect(isRefused(bytes.with(UInt16(2), at: 8).resealedSidecar))
    }

    @Test func pagesAreBoundToTheirSegmentAndPlace() {
        let binding = IndexSample(seed: 1, commits: 1, streams: 1).binding
        let seed = binding.seed(ofPage: 3)
        var others = [binding, binding, binding, binding]
        others[0].storeID += 1
        others[1].number += 1
        others[2].generation += 1
        others[3].digest += 1
        for other in others { #expect(other.seed(ofPage: 3) != seed) }
        #expect(binding.seed(ofPage: 4) != seed)
    }
}

extension [UInt8] {
    /// A sidecar under the right checksum of its header.
    var resealedSidecar: [UInt8] {
        let start = Format.sidecarHeaderBytes + Format.aligned((count + 4_095) / 4_096 * 4)
        return with(Checksum.crc32c(self[..<12] + self[16..<start]), at: 12)
    }

    /// A sidecar under the right checksums of its pages and its header.
    func resealedPages(_ binding: SidecarBinding) -> [UInt8] {
        guard let header = SidecarHeader(decoding: resealedSidecar) else { return resealedSidecar }
        var copy = self
        for page in 0..<header.pageCount {
            let checksum = Checksum.crc32c(
                span.bytes.extracting(header.coverage(ofPage: page)), continuing: binding.seed(ofPage: page))
            copy.store(checksum, at: Format.sidecarHeaderBytes + page * 4)
        }
        return copy.resealedSidecar
    }
}
