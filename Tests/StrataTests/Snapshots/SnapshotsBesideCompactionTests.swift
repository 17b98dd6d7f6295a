import EventSourcing
import StrataTesting
import Synchronization
import Testing

@testable import Strata

/// A compaction by another process takes snapshots away between the moment at which a reader has read the log and the one at
/// which it reads the snapshots.
@Suite struct SnapshotsBesideCompactionTests {
    private let options = StrataOptions(preallocatedBytes: 0, idleMarkDelay: nil)
    private let stream = sampleStream()
    private let device = SimulatedDevice()

    /// Appends events that are not known to be durable, and saves a snapshot of the last one.
    private func goOn(_ store: StrataStore) async throws {
        let result = try await store.events.append([sampleEvent(), sampleEvent()], to: stream, expecting: .any)
        try await store.snapshots.save(
            Snapshot(
                stream: stream, version: result.version, schemaVersion: 1, createdAt: .distantPast, state: Bytes("{}")))
    }

    /// A stream whose first event is released and erased, with the snapshot that stands in for it. What is compacted from now
    /// on are snapshots alone: a reader whose segment of events is gone reads the log again in any case.
    private func makeStore() async throws -> StrataStore {
        let store = try await StrataStore.open(on: device, options: options)
        try await goOn(store)
        _ = try await store.events.truncate(stream, before: 2, expecting: .any)
        try await compact(store)
        return store
    }

    private func compact(_ store: StrataStore) async throws {
        _ = try await store.compact(CompactionOptions(minReleasedShare: 0)).report()
    }

    private func openForReading(_ device: any Device) async throws -> StrataStore {
        var options = options
        options.access = .readOnly
        return try await StrataStore.open(on: device, options: options)
    }

    /// The stream can be loaded: a snapshot counts, and its event is there.
    private func expectToLoad(_ store: StrataStore) async throws {
        let snapshot = try #require(try await store.snapshots.latest(for: stream))
        let status = try await store.events.status(of: stream)
        #expect((status.firstVersion...status.version).contains(snapshot.version))
    }

    @Test func anOpeningForReadingThatIsOvertakenReadsTheLogAgain() async throws {
        let writer = try await makeStore()
        try await goOn(writer)
        let between = BetweenLogAndSnapshotsDevice(device)
        between.happensOnce { waiting { try await compact(writer) } }
        let reader = try await openForReading(between)
        #expect(between.hasHappened)
        try await expectToLoad(reader)
    }

    @Test func segmentsThatGoWhileTheyAreListedAreLookedForAgain() async throws {
        let writer = try await makeStore()
        try await goOn(writer)
        let between = BetweenLogAndSnapshotsDevice(device)
        between.happensOnce(behindList: true) { waiting { try await compact(writer) } }
        let reader = try await openForReading(between)
        #expect(between.hasHappened)
        try await expectToLoad(reader)
    }

    /// What is left of a removal stays empty, however often it is looked at.
    @Test func anEmptyFileIsLookedAtTwice() async throws {
        let writer = try await makeStore()
        try await writer.close()
        _ = try device.open("snapshots/00000000000000000007.seg", .create)
        device.keepCalls()
        #expect(try SnapshotScan.segments(on: device) == [1])
        #expect(device.log.count { $0.operation == .list } == 2)
    }

    @Test func aReaderThatMissesASnapshotAndIsOvertakenReadsTheLogAgain() async throws {
        let writer = try await makeStore()
        let between = BetweenLogAndSnapshotsDevice(device)
        let reader = try await openForReading(between)
        try await goOn(writer)
        try await compact(writer)
        try await goOn(writer)
        between.happensOnce { waiting { try await compact(writer) } }
        try await expectToLoad(reader)
        #expect(between.hasHappened)
    }
}

/// A device under which something happens once the log has been read, right before the snapshots are.
private final class BetweenLogAndSnapshotsDevice: ForwardingDevice {
    private struct State {
        var happening: (@Sendable () -> Void)?
        var isBehindList = false
        var hasReadLog = false
        var hasHappened = false
    }

    let base: any Device
    private let state = Mutex(State())

    init(_ base: any Device) {
        self.base = base
    }

    var hasHappened: Bool { state.withLock { $0.hasHappened } }

    /// - Parameter behindList: whether the names of the segments are known by then.
    func happensOnce(behindList: Bool = false, _ body: @escaping @Sendable () -> Void) {
        state.withLock { state in
            state.happening = body
            state.isBehindList = behindList
            state.hasReadLog = false
        }
    }

    func open(_ name: String, _ access: FileAccess) throws(SystemError) -> any DeviceFile {
        if name.hasPrefix("events/") { state.withLock { $0.hasReadLog = true } }
        return try base.open(name, access)
    }

    func list(_ name: String) throws(SystemError) -> [String] {
        let (happening, isBehindList) = state.withLock { state -> ((@Sendable () -> Void)?, Bool) in
            guard name == "snapshots", state.hasReadLog, let happening = state.happening else { return (nil, false) }
            state.happening = nil
            state.hasHappened = true
            return (happening, state.isBehindList)
        }
        if !isBehindList { happening?() }
        let names = try base.list(name)
        if isBehindList { happening?() }
        return names
    }
}
