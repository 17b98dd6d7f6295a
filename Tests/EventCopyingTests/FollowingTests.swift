import EventCopying
import EventSourcing
import Foundation
import Synchronization
import Testing

/// A copy that follows its source takes over what comes, until it is stopped.
@Suite struct FollowingTests {
    @Test func takesOverWhatComes() async throws {
        let source = try await SampleStore(seed: 31)
        let destination = InMemoryEventStore()
        let stop = CopyStop()
        let rounds = Mutex(0)
        var copy = StoreCopy(
            from: CopyableStore(events: source.events), to: CopyableStore(events: destination), stop: stop)
        let (events, stream) = (source.events, StreamID("New", UUID()))
        try await copy.follow { position async throws(EventStoreError) in
            #expect(try await events.currentPosition() ?? 0 >= position ?? 0)
            let round = rounds.withLock { rounds in
                rounds += 1
                return rounds
            }
            func append() async throws(EventStoreError) {
                _ = try await events.append([NewEvent(type: "New", payload: Bytes("1"))], to: stream, expecting: .any)
            }
            switch round {
            case 4: try await events.truncate(stream, before: 2, expecting: .any)
            case 5:
                // An event that the copy never sees, so that versions are missing in the feed.
                try await append()
                try await events.delete(stream, mode: .soft, expecting: .any)
                try await append()
            default: try await append()
            }
            // Stopped while the last round's event is not copied yet.
            if round == 6 { stop.stop() }
            return CopyableStore(events: events)
        }
        #expect(rounds.withLock { $0 } == 6)
        #expect(try await destination.version(of: stream) == 5)
        #expect(try await copy.verify(evenIfStopped: true).isIdentical)
        #expect(try await copy.copy(evenIfStopped: true))
        #expect(try await copy.verify(evenIfStopped: true).isIdentical)
        #expect(try await StoreContents(of: destination) == StoreContents(of: source.events))
    }

    /// - Parameter turns: how long the wait has gone on when it is stopped: not at all, or for some turns of other tasks.
    @Test(.timeLimit(.minutes(10)), arguments: [0, 1, 10])
    func endsItsWaitWhenItIsStopped(turns: Int) async throws {
        let source = try await SampleStore(seed: 32)
        let stop = CopyStop()
        var copy = StoreCopy(
            from: CopyableStore(events: source.events), to: CopyableStore(events: InMemoryEventStore()), stop: stop,
            progress: { if $0.phase == .following, turns == 0 { stop.stop() } })
        let events = source.events
        try await copy.follow { _ async throws(EventStoreError) in
            for _ in 0..<turns { await Task.yield() }
            stop.stop()
            while !Task.isCancelled { await Task.yield() }
            return CopyableStore(events: events)
        }
        #expect(try await copy.verify(evenIfStopped: true).isIdentical)
    }

    @Test func aSourceThatFailsWhileItIsWaitedForIsReported() async throws {
        let source = try await SampleStore(seed: 33)
        var copy = StoreCopy(
            from: CopyableStore(events: source.events), to: CopyableStore(events: InMemoryEventStore()))
        do throws(CopyError) {
            try await copy.follow { _ async throws(EventStoreError) in throw EventStoreError(.ioFailure, "gone") }
            Issue.record("following a source that fails ended without an error")
        } catch {
            #expect(error.code == .sourceFailed && error.cause?.message == "gone")
        }
    }
}
