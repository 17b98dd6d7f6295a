import EventSourcing
import StrataTesting
import Synchronization
import Testing

@testable import Strata

/// A stream's events are released while they are read: what is left of them is read all the same, and nothing else.
@Suite struct ReadingBesideReleaseTests {
    private let stream = sampleStream()

    /// The versions that a read gives when the stream is truncated at the moment where it is about to read its first frame.
    private func versions(
        of commits: [[NewEvent]], _ query: StreamQuery, truncatingBefore version: Int
    ) async throws -> [Int] {
        let base = SimulatedDevice()
        let options = StrataOptions(idleMarkDelay: nil)
        let store = try await StrataStore.open(on: base, options: options)
        for commit in commits { _ = try await store.events.append(commit, to: stream, expecting: .any) }
        try await store.close()
        let (log, sidecars) = try ReaderOpening(on: base, options: options).run()
        let (index, stream) = (log.index, stream)
        let device = InterferingDevice(base, before: "events/") { _, _ in
            index.noteRelease()
            index.state.withLock { state in
                guard let key = state.key(of: stream) else { return }
                state.add(Release(firstLiveVersion: version, isTruncated: true, isTombstoned: false), to: key)
            }
        }
        let reader = LogReader(
            index: index,
            sidecars: SidecarFiles(
                device: device, storeID: sidecars.storeID, mayWrite: false, logger: options.logger))
        var cursor = try StreamCursor(reader, query)
        var versions: [Int] = []
        while let events = try cursor.next() { versions += events.map(\.version) }
        return versions
    }

    @Test func whatIsLeftBehindABatchIsRead() async throws {
        let commits = (1...600).map { _ in [sampleEvent()] }
        let versions = try await versions(of: commits, StreamQuery(stream), truncatingBefore: 520)
        #expect(versions == Array(520...600))
    }

    /// Each commit fills a batch.
    @Test(arguments: [ReadDirection.forward, .backward])
    func whatIsLeftBehindALargeBatchIsRead(_ direction: ReadDirection) async throws {
        let commits = (1...3).map { _ in [sampleEvent(String(repeating: "x", count: LogReader.batchBytes))] }
        let versions = try await versions(
            of: commits, StreamQuery(stream, direction: direction), truncatingBefore: 2)
        #expect(versions == (direction == .forward ? [2, 3] : [3, 2]))
    }

    @Test(arguments: [ReadDirection.forward, .backward])
    func nothingAboveWhatWasAskedForIsRead(_ direction: ReadDirection) async throws {
        let commit = (1...10).map { _ in sampleEvent() }
        let versions = try await versions(
            of: [commit], StreamQuery(stream, to: 5, direction: direction), truncatingBefore: 8)
        #expect(versions.isEmpty)
    }
}
