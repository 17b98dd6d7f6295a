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

    @Test func nothingIsMadeOfNothing() {
        #expect(LZ4Block.decompress([0], length: 0) == nil)
    }

    /// The library would be asked for room for no byte, and Swift's one empty array would be written to.
    @Test func aSingleByteDoesNotGetShorter() async {
        await withTaskGroup { group in
            for _ in 0..<8 {
                group.addTask { for byte in UInt8.min ... .max { #expect(LZ4Block.compress([byte]) == nil) } }
            }
        }
    }

    /// A part of what a block expands to, its length claimed.
    private func part(_ count: Int, of block: [UInt8], length: Int) -> [UInt8]? {
        var bytes: [UInt8] = [1, 2, 3]
        let isSound = LZ4Block.decompress(
            block.span.bytes, length: length, first: count, dictionary: [], appendingTo: &bytes)
        return isSound ? Array(bytes.dropFirst(3)) : bytes == [1, 2, 3] ? nil : bytes
    }

    @Test func aPartOfABlockIsDecompressedByItself() throws {
        let bytes = (0..<1_000).map { UInt8(truncatingIfNeeded: $0 / 10) }
        let block = try #require(LZ4Block.compress(bytes))
        for count in [1, 500, 999, 1_000] { #expect(part(count, of: block, length: 1_000) == Array(bytes[..<count])) }
    }

    @Test func aPartOfABlockThatClaimsTheImpossibleIsRefused() throws {
        let bytes = (0..<1_000).map { UInt8(truncatingIfNeeded: $0 / 10) }
        let block = try #require(LZ4Block.compress(bytes))
        #expect(part(10, of: block, length: 256 * block.count + 255) == nil)
        #expect(part(800, of: block, length: 500) == nil)
        #expect(part(0, of: block, length: 1_000) == nil)
        #expect(part(10, of: block, length: 0) == nil)
        // The block ends before.
        #expect(part(1_200, of: block, length: 1_500) == nil)
        #expect(part(1_500, of: block, length: 1_500) == nil)
    }
}
