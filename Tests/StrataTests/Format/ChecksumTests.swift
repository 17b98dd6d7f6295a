import CStrata
import Testing

@testable import Strata

@Suite struct ChecksumTests {
    /// RFC 3720, appendix B.4, and the check value of the catalogue of parametrised CRC algorithms.
    static let knownAnswers: [([UInt8], UInt32)] = [
        (Array(repeating: 0, count: 32), 0x8A91_36AA),
        (Array(repeating: 0xFF, count: 32), 0x62A8_AB43),
        (Array(0..<32), 0x46DD_794E),
        (Array((0..<32).reversed()), 0x113F_DB5C),
        (Array("123456789".utf8), 0xE306_9283),
        ([], 0),
    ]

    @Test(arguments: knownAnswers)
    func knownInputsHaveTheirKnownChecksums(_ bytes: [UInt8], _ expected: UInt32) {
        #expect(Checksum.crc32c(bytes) == expected)
        #expect(strata_crc32c_portable(0, bytes, bytes.count) == expected)
    }

    @Test func theAcceleratedChecksumIsThePortableOneAtEveryLengthAndAlignment() {
        let bytes = (0..<1_040).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ $0 >> 3) }
        bytes.withUnsafeBytes { buffer in
            for length in 0...1_024 {
                for alignment in 0..<16 {
                    let part = UnsafeRawBufferPointer(rebasing: buffer[alignment..<alignment + length])
                    let start = UInt32(truncatingIfNeeded: length &* 0x9E37_79B9)
                    guard
                        strata_crc32c(start, part.baseAddress, length)
                            == strata_crc32c_portable(start, part.baseAddress, length)
                    else {
                        Issue.record("length \(length), alignment \(alignment)")
                        return
                    }
                }
            }
        }
    }

    /// Long inputs are taken in three lanes, as often as they fit.
    @Test(arguments: [3_071, 3_072, 3_073, 3_359, 3_360, 6_144, 9_999, 70_000])
    func theAcceleratedChecksumIsThePortableOneOfLongInputs(length: Int) {
        let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ $0 >> 3) }
        #expect(strata_crc32c(7, bytes, length) == strata_crc32c_portable(7, bytes, length))
    }

    @Test func aChecksumContinuesWhereAnotherEnded() {
        let bytes = Array("123456789".utf8)
        for cut in 0...bytes.count {
            let first = Checksum.crc32c(bytes[..<cut])
            #expect(Checksum.crc32c(bytes[cut...], continuing: first) == 0xE306_9283)
        }
    }

    @Test func aBindingIsTheChecksumOfTheStoreIDTheKindAndTheNumberBeforeTheOffset() {
        let storeID: UInt128 = 0x0011_2233_4455_6677_8899_AABB_CCDD_EEFF
        let binding = ChecksumBinding(storeID: storeID, kind: .snapshots, number: 0x0102)
        let bound: [UInt8] =
            [0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF]
            + [2, 0, 0, 0, 0, 0, 0, 0] + [2, 1, 0, 0, 0, 0, 0, 0] + [0x40, 0, 0, 0, 0, 0, 0, 0]
        let bytes: [UInt8] = [7, 8, 9]
        #expect(binding.checksum(of: bytes, at: 64) == Checksum.crc32c((bound + bytes)))
    }

    @Test func aCompactedSegmentIsBoundToItsGeneration() {
        func checksum(_ kind: SegmentKind, _ generation: UInt64) -> UInt32 {
            ChecksumBinding(storeID: 1, kind: kind, number: 1, generation: generation).checksum(of: [7], at: 64)
        }
        #expect(checksum(.compacted, 1) != checksum(.compacted, 2))
        #expect(checksum(.events, 1) == checksum(.events, 2))
    }
}
