import EventSourcing
import Testing

struct StreamStatusTests {
    private let whole = StreamStatus(version: 5)

    @Test func aTruncationReleasesWhatIsBelow() {
        #expect(whole.truncated(before: 3) == StreamStatus(version: 5, firstVersion: 3, isTruncated: true))
        #expect(whole.truncated(before: 3).truncated(before: 2) == whole.truncated(before: 3))
        #expect(whole.truncated(before: 1) == whole)
    }

    @Test func aTruncationOfEverythingLeavesAStreamThatIsEmptyAndWhole() {
        let empty = StreamStatus(version: 5, firstVersion: 6)
        #expect(whole.truncated(before: 6) == empty)
        #expect(whole.truncated(before: 3).truncated(before: 6) == empty)
        #expect(empty.isEmpty)
        #expect(!whole.truncated(before: 5).isEmpty)
    }

    @Test func aTombstoneReleasesEverything() {
        #expect(whole.tombstoned == StreamStatus(version: 5, firstVersion: 6, isTombstoned: true))
        #expect(StreamStatus(version: 0).tombstoned.isEmpty)
    }
}
