import Foundation
import Testing

@testable import Strata

@Suite struct LZ4BlockTests {
    @Test(arguments: [14, 100, 65_535, 65_536, 4 << 20])
    func whatIsCompressedIsDecompressed(_ length: Int) throws {
        let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 / 100 * 7) }
        let block = try #require(LZ4Block.compress(bytes))
        #expect(block.count < length)
        #expect(LZ4Block.decompress(block, length: length) == bytes)
    }

    @Test func theStrongestCompressionThereIsIsDecompressed() throws {
        let bytes = [UInt8](repeating: 0, count: 16 << 20)
        let block = try #require(LZ4Block.compress(bytes))
        #expect(block.count < bytes.count / 250)
        #expect(LZ4Block.decompress(block, length: bytes.count) == bytes)
    }

    @Test func whatDoesNotGetShorterIsNotCompressed() {
        #expect(LZ4Block.compress([UInt8]()) == nil)
        #expect(LZ4Block.compress([UInt8](0...255)) == nil)
        for length in 1...12 {
            #expect(LZ4Block.compress([UInt8](repeating: 7, count: length)) == nil, "length \(length)")
        }
    }

    @Test func aBlockOfAnotherLengthThanClaimedIsRefused() throws {
        let bytes = Array("to and fro and to and fro and to and fro".utf8)
        let block = try #require(LZ4Block.compress(bytes))
        for length in [Int.min, -1, 0, 1, bytes.count - 1, bytes.count + 1, 1 << 20, .max] {
            #expect(LZ4Block.decompress(block, length: length) == nil, "length \(length)")
        }
        for cut in 0..<block.count {
            #expect(LZ4Block.decompress(block[..<cut], length: bytes.count) == nil, "cut at \(cut)")
        }
    }

    @Test func noBitThatChangesMakesDecompressingTrap() throws {
        let bytes = Array("to and fro and to and fro and to and fro".utf8)
        let block = try #require(LZ4Block.compress(bytes))
        for (_, changed) in block.withEachBitFlipped {
            let result = LZ4Block.decompress(changed, length: bytes.count)
            #expect(result == nil || result?.count == bytes.count)
        }
    }

    /// A length that no block of that size can have takes no memory: the process's address space does not grow.
    @Test func aBombTakesNoMemory() throws {
        let claim = 0x7E00_0000
        let before = try peakOfAddressSpace()
        #expect(LZ4Block.decompress([UInt8](repeating: 0xFF, count: 64), length: claim) == nil)
        #expect(try peakOfAddressSpace() - before < claim / 2)
    }

    /// `VmPeak` of proc(5), in bytes.
    private func peakOfAddressSpace() throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmPeak:") })
        return try #require(Int(line.filter(\.isNumber))) << 10
    }
}
