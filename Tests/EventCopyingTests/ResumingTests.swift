import EventCopying
import EventSourcing
import Foundation
import Strata
import Synchronization
import Testing

/// A copy that was cut off goes on where it stood.
@Suite struct ResumingTests {
    @Test func aCopyThatEndsAtAnyChangeGoesOnToTheSame() async throws {
        let source = try await SampleStore(seed: 11, commits: 40, streams: 7)
        let expected = try await StoreContents(of: source.events)
        var changes = 0
        while true {
            let destination = InMemoryEventStore()
            let isDone = try await copyUntilFailure(source, to: destination, after: changes)
            try await resume(source, to: destination, expecting: expected)
            if isDone { break }
            changes += 1
        }
        #expect(changes > 20)
    }

    @Test func aCopyIntoFilesThatEndsAtAnyChangeGoesOnToTheSame() async throws {
        let source = try await SampleStore(seed: 12, commits: 24, streams: 7)
        let expected = try await StoreContents(of: source.events)
        for changes in stride(from: 0, to: 40, by: 3) {
            let folder = FileManager.default.temporaryDirectory.appendingPathComponent("copy-\(UUID())").path
            defer { try? FileManager.default.removeItem(atPath: folder) }
            let options = StrataOptions(durability: .none)
            let first = try await StrataStore.open(at: folder, options: options)
            _ = try await copyUntilFailure(source, to: first.events, after: changes)
            try await first.close()
            let second = try await StrataStore.open(at: folder, options: options)
            try await resume(source, to: second.events, expecting: expected)
            try await second.close()
        }
    }

    @Test func aCopyThatEndsAgainAndAgainComesToItsEnd() async throws {
        let source = try await SampleStore(seed: 13, commits: 60)
        let destination = InMemoryEventStore()
        var runs = 0
        while try await !copyUntilFailure(source, to: destination, after: 2) {
            runs += 1
            try #require(runs < 500, "the copy makes no progress")
        }
        #expect(runs > 10)
        #expect(try await StoreContents(of: destination) == StoreContents(of: source.events))
    }

    @Test func aCopyThatIsStoppedSaysSoAndGoesOnLater() async throws {
        let source = try await SampleStore(seed: 14, commits: 900)
        let destination = InMemoryEventStore()
        let stop = CopyStop()
        var copy = StoreCopy(
            from: CopyableStore(events: source.events), to: CopyableStore(events: destination), stop: stop,
            progress: { if $0.phase == .copying { stop.stop() } })
        #expect(try await !copy.copy())
        let reached = try await destination.currentPosition()
        #expect(try #require(reached) < #require(try await source.events.currentPosition()))
        try await resume(source, to: destination, expecting: try await StoreContents(of: source.events))
    }

    @Test(arguments: [CopyProgress.Phase.verifyingSource, .verifyingDestination])
    func aComparisonThatIsStoppedSaysSo(in phase: CopyProgress.Phase) async throws {
        let source = try await SampleStore(seed: 17)
        let to = CopyableStore(events: InMemoryEventStore())
        let stop = CopyStop()
        var copy = StoreCopy(
            from: CopyableStore(events: source.events), to: to, stop: stop,
            progress: { if $0.phase == phase { stop.stop() } })
        #expect(try await copy.copy())
        for _ in 0..<2 {
            let error = await #expect(throws: CopyError.self) { try await copy.verify() }
            #expect(error?.code == .stopped)
        }
        let error = await #expect(throws: CopyError.self) { try await copy.compare() }
        #expect(error?.code == .stopped)
        #expect(try await copy.verify(evenIfStopped: true).isIdentical)
    }

    /// The source goes on living while a copy is not running, and releases what the copy holds.
    @Test func goesOnBehindEventsThatTheSourceHasReleasedSince() async throws {
        let source = try await SampleStore(seed: 15, commits: 40)
        let destination = InMemoryEventStore()
        _ = try await copyUntilFailure(source, to: destination, after: 20)
        let last = try #require(try await destination.readAll(direction: .backward, limit: 1).collect().first)
        try await source.events.delete(last.stream, mode: .soft, expecting: .any)
        _ = try await source.events.append(
            [NewEvent(type: "Again", payload: Bytes("1"))], to: last.stream, expecting: .any)
        try await resume(source, to: destination, expecting: try await StoreContents(of: source.events))
    }

    /// The source releases events between the look at its releases and the read of its feed.
    @Test func aReleaseInTheMiddleOfACopyIsTakenOver() async throws {
        let source = try await SampleStore(seed: 16, commits: 600, streams: 3)
        let stream = source.streams[0]
        let version = try await source.events.version(of: stream)
        let isReleased = Mutex(false)
        let events = source.events
        let meddling = InterposedStore(InMemoryEventStore()) { changes in
            let isFirst = isReleased.withLock { released in
                defer { released = true }
                return !released
            }
            if isFirst { _ = try? await events.truncate(stream, before: version, expecting: .any) }
            return (changes, nil)
        }
        try await resume(source, to: meddling)
        #expect(isReleased.withLock { $0 })
        #expect(try await StoreContents(of: meddling) == StoreContents(of: source.events))
    }

    /// - Returns: whether the copy came to its end.
    private func copyUntilFailure(
        _ source: SampleStore, to destination: any CopyableEventStore, after changes: Int
    ) async throws -> Bool {
        var copy = StoreCopy(
            from: CopyableStore(events: source.events),
            to: CopyableStore(events: InterposedStore.failing(destination, after: changes)))
        do throws(CopyError) {
            return try await copy.copy()
        } catch {
            // Anything else would come again for ever.
            try #require(error.code == .destinationFailed, "\(error)")
            return false
        }
    }

    private func resume(
        _ source: SampleStore, to destination: any CopyableEventStore, expecting expected: StoreContents? = nil
    ) async throws {
        var copy = StoreCopy(
            from: CopyableStore(events: source.events), to: CopyableStore(events: destination))
        #expect(try await copy.copy())
        #expect(try await copy.verify().isIdentical)
        if let expected { #expect(try await StoreContents(of: destination) == expected) }
    }
}
