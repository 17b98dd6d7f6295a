import EventSourcing
import Foundation
import Testing

@testable import Strata

/// Appends are decided in the order in which they come, whatever must be looked up for them.
@Suite struct DecisionOrderTests {
    /// Ids in a row, so that the test finds the same ones at each run.
    private func id(_ number: Int) -> UUID {
        UUID(bits: UInt128(number))
    }

    @Test func anIDThatLooksTakenKeepsItsTurn() async throws {
        let stored = (1...3_000).map { id($0) }
        let looksTaken = UUID(bits: 1 << 64 | UInt128(UInt64(7) &- 0x9E37_79B9_7F4A_7C15))
        #expect(IndexHash.event(looksTaken.bits) == IndexHash.event(stored[6].bits))
        let stream = sampleStream()

        try await StrataStore.with(TemporaryDirectory()) { store in
            let events = stored.map { sampleEvent(id: $0) }
            _ = try await store.events.append(events, to: sampleStream(), expecting: .noStream)
            let first = Task.immediate {
                try await store.events.append([sampleEvent(id: looksTaken)], to: stream, expecting: .noStream)
            }
            let second = Task.immediate {
                try await store.events.append([sampleEvent()], to: stream, expecting: .exactly(1))
            }
            let firstVersion = try await first.value.version
            #expect(firstVersion == 1)
            let secondVersion = try await second.value.version
            #expect(secondVersion == 2)
        }
    }

    @Test func aConflictIsWithWhatWasDecidedBefore() async throws {
        let stream = sampleStream()
        try await StrataStore.with(TemporaryDirectory()) { store in
            let first = Task.immediate {
                try await store.events.append([sampleEvent()], to: stream, expecting: .noStream)
            }
            let early = Task.immediate {
                try await store.events.append([sampleEvent()], to: stream, expecting: .exactly(2))
            }
            let second = Task.immediate {
                try await store.events.append([sampleEvent()], to: stream, expecting: .exactly(1))
            }
            let firstVersion = try await first.value.version
            #expect(firstVersion == 1)
            let conflict = await #expect(throws: EventStoreError.self) { _ = try await early.value }
            #expect(conflict?.code == .versionConflict)
            #expect(conflict?.actualVersion == 1)
            let secondVersion = try await second.value.version
            #expect(secondVersion == 2)
        }
    }

    @Test func aConflictIsVisibleToWhoeverLearnsOfIt() async throws {
        let stream = sampleStream()
        try await StrataStore.with(TemporaryDirectory()) { store in
            for round in 0..<20 {
                let appends = (0..<4).map { _ in
                    Task.immediate {
                        try await store.events.append([sampleEvent()], to: stream, expecting: .exactly(round))
                    }
                }
                var stored = 0
                for append in appends {
                    do {
                        _ = try await append.value
                        stored += 1
                    } catch {
                        let actual = try #require((error as? EventStoreError)?.actualVersion)
                        let visible = try await store.events.version(of: stream)
                        #expect(visible >= actual)
                    }
                }
                #expect(stored == 1)
            }
        }
    }
}
