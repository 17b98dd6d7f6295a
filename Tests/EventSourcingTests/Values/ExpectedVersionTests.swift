import EventSourcing
import Testing

struct ExpectedVersionTests {
    @Test(
        arguments: [
            (.any, [0, 1, 5]), (.noStream, [0]), (.streamExists, [1, 5]), (.exactly(0), [0]), (.exactly(5), [5]),
            (.exactly(3), []),
        ] as [(ExpectedVersion, [Int])])
    func allowsTheVersionsThatFulfilIt(expected: ExpectedVersion, versions: [Int]) {
        #expect([0, 1, 5].filter(expected.allows) == versions)
    }
}
