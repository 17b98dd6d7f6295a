import EventSourcing
import EventSourcingTesting
import Testing

struct AggregateScenarioTests {
    private let scenario = Scenario<Tally>.given(.added(amount: 1))

    private func mismatch(_ body: () throws -> Void) throws -> ScenarioMismatch {
        try #require(throws: ScenarioMismatch.self, performing: body)
    }

    @Test func otherEventsThanExpectedAreAMismatchThatShowsBoth() throws {
        let mismatch = try mismatch { try scenario.when { try $0.add(2) }.then(.added(amount: 3)) }
        #expect(
            mismatch.description == """
                expected
                  event: added(amount: 3)
                but got
                  event: added(amount: 2)
                """)
    }

    @Test func fewerOrMoreEventsThanExpectedAreAMismatch() throws {
        #expect(try mismatch { try scenario.when { _ in }.then(.cleared) }.actual == ["no events"])
        #expect(
            try mismatch { try scenario.when { try $0.add(2) }.then() }.actual == ["event: added(amount: 2)"])
    }

    @Test func aFailureWhereEventsAreExpectedIsAMismatchEvenBehindThoseEvents() throws {
        let mismatch = try mismatch {
            try scenario.when {
                try $0.add(2)
                try $0.add(-1)
            }.then(.added(amount: 2))
        }
        #expect(mismatch.actual == ["failure: TallyError.negative", "event: added(amount: 2)"])
    }

    @Test func successOrAnotherErrorWhereAFailureIsExpectedIsAMismatch() throws {
        struct Other: Error, Equatable {}
        _ = try mismatch { try scenario.when { try $0.add(2) }.thenFails(with: TallyError.negative) }
        _ = try mismatch { try scenario.when { _ in }.thenFails(with: TallyError.negative) }
        _ = try mismatch { try scenario.when { _ in throw Other() }.thenFails(with: TallyError.negative) }
    }

    @Test func aFailureThatLeavesEventsIsAMismatch() throws {
        _ = try mismatch {
            try scenario.when {
                try $0.add(2)
                try $0.add(-1)
            }.thenFails(with: TallyError.negative)
        }
    }

    @Test func theHistoryIsCommitted() throws {
        let aggregate = try scenario.when { _ in }.then()
        #expect(aggregate.version == 1)
        #expect(aggregate.state.amounts == [1])
    }
}
