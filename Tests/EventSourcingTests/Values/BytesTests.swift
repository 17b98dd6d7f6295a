import EventSourcing
import Testing

struct BytesTests {
    @Test func holdsTheBytesGiven() {
        #expect(Array(Bytes([1, 2, 3])) == [1, 2, 3])
        #expect(Array(Bytes("é")) == [0xC3, 0xA9])
        #expect(Array(Bytes(copying: 1...3)) == [1, 2, 3])
        #expect(Bytes().isEmpty)
    }

    @Test func aSliceShowsItsPart() {
        let slice = Bytes([0, 1, 2, 3, 4]).slice(1..<4)
        #expect(Array(slice) == [1, 2, 3])
        #expect((slice.count, slice[0], slice[2]) == (3, 1, 3))
    }

    @Test func aSliceOfASliceCountsFromThatSlice() {
        #expect(Array(Bytes([0, 1, 2, 3, 4]).slice(1..<5).slice(2..<3)) == [3])
    }

    @Test func aSliceMayBeEmptyAnywhere() {
        let bytes = Bytes([1, 2])
        #expect([0, 1, 2].allSatisfy { bytes.slice($0..<$0).isEmpty })
    }

    @Test func aSliceEqualsACopyOfIt() {
        let slice = Bytes([9, 1, 2, 9]).slice(1..<3)
        #expect(slice == Bytes([1, 2]))
        #expect(slice.hashValue == Bytes([1, 2]).hashValue)
    }

    @Test(arguments: [[], [1], [1, 3], [1, 2, 3]] as [[UInt8]])
    func otherBytesDiffer(bytes: [UInt8]) {
        #expect(Bytes(bytes) != Bytes([1, 2]))
    }

    @Test func aSpanShowsTheSliceOnly() {
        let slice = Bytes([0, 1, 2, 3]).slice(1..<3)
        #expect(slice.withSpan { Array(Bytes(copying: $0)) } == [1, 2])
    }

    @Test func contiguousStorageShowsTheSliceOnly() {
        let slice = Bytes([0, 1, 2, 3]).slice(1..<3)
        #expect(slice.withContiguousStorageIfAvailable { Array($0) } == [1, 2])
    }

    @Test func isTextWhereItIsUTF8() {
        #expect(String(utf8: Bytes("日本").slice(0..<3)) == "日")
        #expect(String(utf8: Bytes("日本").slice(0..<2)) == nil)
        #expect(String(utf8: Bytes()) == "")
    }

    @Test func neverSaysWhatItHolds() {
        #expect(Bytes("secret").description == "6 bytes")
    }

    @Test func anIndexOutsideASliceTraps() async {
        await #expect(processExitsWith: .failure) { _ = Bytes([1, 2, 3]).slice(0..<2)[2] }
    }

    @Test func aSliceBeyondASliceTraps() async {
        await #expect(processExitsWith: .failure) { _ = Bytes([1, 2, 3]).slice(0..<2).slice(1..<3) }
    }
}
