import EventSourcing
import Testing

struct ExpectedVersionTests {
    /// A stream that never was, two with events, one with some released, one softly deleted.
    private let statuses = [
        StreamStatus(version: 0), StreamStatus(version: 1), StreamStatus(version: 5),
        StreamStatus(version: 5, firstVersion: 3, isTruncated: true), StreamStatus(version: 5, firstVersion: 6),
    ]

    @Test(
        arguments: [
            (.any, [0, 1, 2, 3, 4]), (.noStream, [0, 4]), (.streamExists, [1, 2, 3]), (.exactly(0), [0]),
            (.exactly(5), [2, 3, 4]), (.exactly(3), []),
        ] as [(ExpectedVersion, [Int])])
    func allowsTheStreamsThatFulfilIt(expected: ExpectedVersion, indexes: [Int]) {
        #expect(statuses.indices.filter { expected.allows(statuses[$0]) } == indexes)
    }

    @Test(
        arguments: [
            (.any, [1, 3, 4, 5]), (.noStream, [3]), (.streamExists, [3, 4, 5]), (.exactly(3), [4]), (.exactly(0), [1]),
        ] as [(ExpectedVersion, [Int])])
    func allowsRetriesOfAppendsThatStandRightBehindIt(expected: ExpectedVersion, firstVersions: [Int]) {
        let status = StreamStatus(version: 5, firstVersion: 3)
        #expect([1, 3, 4, 5].filter { expected.allowsRetry(ofAppendAt: $0, in: status) } == firstVersions)
    }
}
