import EventSourcing
import FoundationEssentials
package import Strata

/// Opens what a crash has left, and checks that the store keeps its promises from there on.
package struct RecoveryCheck {
    private let storage: SimulatedStorage
    private let expectation: Expectation
    private let options: StrataOptions
    private let seed: UInt64

    /// - Parameters:
    ///   - storage: what is on the device.
    ///   - expectation: what callers were told before.
    ///   - options: how to open the store for writing.
    ///   - seed: determines the ids of the events that the check appends.
    package init(_ storage: SimulatedStorage, _ expectation: Expectation, options: StrataOptions, seed: UInt64 = 1) {
        self.storage = storage
        self.expectation = expectation
        self.options = options
        self.seed = seed
    }

    /// Checks everything.
    ///
    /// - Throws: the first ``Violation``.
    package func run() async throws {
        let readOnly = try await eventsReadOnly()
        let device = SimulatedDevice(storage, seed: seed)
        let store = try await open(device, "the first opening")
        let events = try await StoreContents.read(store, expectation)
        try require(readOnly?.isSame(as: events) ?? true, "reading only shows other events than the writer")
        if readOnly == nil { try require(events.isEmpty, "the store cannot be read before its recovery") }
        try KeptBytes.check(before: storage.contents, after: device.storage.contents)
        try await checkSecondOpening(of: device.afterProcessDeath(), events)
        try await checkAppending(to: store, on: device, events)
    }

    /// Opens and verifies without changing anything; nil where there is no store yet.
    private func eventsReadOnly() async throws -> [RecordedEvent]? {
        let device = SimulatedDevice(storage, seed: seed)
        var readOnly = options
        readOnly.access = .readOnly
        do {
            try Self.checkSoundness(of: device)
            let store = try await StrataStore.open(on: device, options: readOnly)
            let events = try await StoreContents.read(store, expectation)
            try await store.close()
            try require(device.mutatingCalls == 0, "reading only changes the store")
            return events
        } catch let error as StrataError where error.code == .notAStore {
            try require(device.mutatingCalls == 0, "reading only changes the store")
            return nil
        }
    }

    /// A crash damages nothing.
    static func checkSoundness(of device: any Device) throws {
        let report = try StrataStore.verify(on: device)
        try require(report.damage.isEmpty, "false alarm: \(report.damage)")
        try require(report.damagedSnapshots.isEmpty, "false alarm about snapshots: \(report.damagedSnapshots)")
    }

    private func open(_ device: SimulatedDevice, _ what: String) async throws -> StrataStore {
        do {
            return try await StrataStore.open(on: device, options: options)
        } catch {
            throw Violation("\(what) fails: \(error)")
        }
    }

    /// Opening again shows the same and takes nothing away.
    private func checkSecondOpening(of device: SimulatedDevice, _ events: [RecordedEvent]) async throws {
        let before = device.storage.contents
        let store = try await open(device, "the second opening")
        let again = try await StoreContents.read(store, expectation)
        try require(again.isSame(as: events), "the second opening shows other events")
        try await store.close()
        let after = device.storage.contents
        for (name, bytes) in before where name.contains("/") && !KeptBytes.isSidecar(name) {
            try require(after[name]?.begins(with: bytes) ?? false, "the second opening changes \(name)")
        }
        try require(
            before.keys.filter(KeptBytes.isQuarantined).sorted() == after.keys.filter(KeptBytes.isQuarantined).sorted(),
            "the second opening puts something into quarantine")
    }

    /// Appends after a recovery are kept, too, and take nothing away from what was there.
    private func checkAppending(
        to store: StrataStore, on device: SimulatedDevice, _ events: [RecordedEvent]
    ) async throws {
        var randomness = SeededRandomness(seed: seed)
        var all = events
        var recovered = try await StoreContents.statuses(in: store, expectation)
        let streams = Set(
            [events.last?.stream, StreamID("Check", UUID(using: &randomness))].compactMap { $0 }
                + expectation.streamsWithSnapshotsTakenBack(recovered))
        for stream in streams.sorted(by: { $0.description < $1.description }) {
            let version = try await store.events.version(of: stream)
            let event = NewEvent.sample(payloadBytes: 100, using: &randomness)
            let result = try await store.events.append([event], to: stream, expecting: .exactly(version))
            try await store.events.waitUntilDurable(result.lastPosition)
            guard let recorded = try await store.events.event(withID: event.id) else {
                throw Violation("an event that was appended after the recovery cannot be found")
            }
            try require(
                recorded.position == result.lastPosition && recorded.version == version + 1
                    && recorded.payload.isSame(as: event.payload) && recorded.position > all.last?.position ?? 0,
                "an append after the recovery went wrong")
            all.append(recorded)
        }
        let deleted = try await deleteSnapshot(of: store)
        if let deleted { recovered[deleted] = nil }
        for next in [SimulatedDevice(device.storage.afterTotalLoss, seed: seed &+ 1), device.afterProcessDeath()] {
            try Self.checkSoundness(of: next)
            let store = try await open(next, "opening after further appends")
            let found = try await store.events.readAll().collect()
            try require(
                found.isSame(as: all), "\(all.count) events should be there after further appends, not \(found.count)")
            // None of an event that was lost and whose version is another one's now.
            try await StoreContents.checkSnapshots(of: store, expectation, recovered)
            if let deleted, try await store.snapshots.exists(for: deleted) {
                throw Violation("a snapshot that was deleted after the recovery is there again")
            }
        }
    }

    /// Deletes a snapshot; returns its stream.
    private func deleteSnapshot(of store: StrataStore) async throws -> StreamID? {
        for stream in Set(expectation.snapshotChanges.map(\.stream)) {
            if try await store.snapshots.delete(for: stream) { return stream }
        }
        return nil
    }
}
