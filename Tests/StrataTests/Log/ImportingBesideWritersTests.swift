import Dispatch
import EventSourcing
import Foundation
import StrataTesting
import Synchronization
import Testing

@testable import Strata

/// Imports that are decided about while what others have let in is on its way to the device.
@Suite(.timeLimit(.minutes(10))) struct ImportingBesideWritersTests {
    private let device = SimulatedDevice()
    private let stream = sampleStream()

    /// Holds up who writes.
    private final class Gate: Sendable {
        private let semaphore = DispatchSemaphore(value: 0)
        private let isReached = Atomic(false)

        func hold() {
            isReached.store(true, ordering: .releasing)
            semaphore.wait()
            semaphore.signal()
        }

        func open() { semaphore.signal() }

        func waitUntilReached() async {
            while !isReached.load(ordering: .acquiring) { await Task.yield() }
        }
    }

    private func open() async throws -> StrataStore {
        try await StrataStore.open(on: device, options: StrataOptions(preallocatedBytes: 0, idleMarkDelay: nil))
    }

    private func importing(_ events: [NewEvent]) -> [ImportedChange] {
        [.commit(ImportedCommit(events, to: stream, firstVersion: 1, storedAt: .distantPast))]
    }

    /// Begins an import while `first` is held in its write, and sees to it that the import waits for that.
    ///
    /// - Parameter fault: what `first` ends with.
    private func importChanges(
        _ changes: [ImportedChange], into store: StrataStore, behind fault: DeviceFault?,
        _ first: @escaping @Sendable () async throws -> Void
    ) async throws -> (first: Result<Void, any Error>, imported: Result<Void, any Error>) {
        let gate = Gate()
        device.beforeWrites { gate.hold() }
        let held = Task { try await first() }
        await gate.waitUntilReached()
        let hasReturned = Atomic(false)
        let imported = Task.immediate {
            defer { hasReturned.store(true, ordering: .releasing) }
            try await store.events.importChanges(changes)
        }
        let writer = try #require(store.events.writer)
        while !hasReturned.load(ordering: .acquiring), writer.state.withLock({ $0.batchWaiters.isEmpty }) {
            await Task.yield()
        }
        let isWaiting = !hasReturned.load(ordering: .acquiring)
        #expect(isWaiting)
        if let fault { device.inject([fault]) }
        gate.open()
        defer { device.beforeCalls(nil) }
        return (await held.result, await imported.result)
    }

    private let fullOnce = DeviceFault(atCall: 1, .error(ENOSPC))
    private let full = DeviceFault(atCall: 1, .error(ENOSPC), isPersistent: true)

    @Test func aReleaseThatIsStoredByAnotherIsWaitedFor() async throws {
        let store = try await open()
        _ = try await store.events.append([sampleEvent(), sampleEvent()], to: stream, expecting: .noStream)
        let release = ImportedChange.release(
            StreamStatus(version: 2, firstVersion: 2, isTruncated: true), of: stream)
        let (first, imported) = try await importChanges([release], into: store, behind: full) { [stream] in
            try await store.events.truncate(stream, before: 2, expecting: .any)
        }
        #expect(throws: EventStoreError.self) { try first.get() }
        #expect(throws: EventStoreError.self) { try imported.get() }
        device.clearFaults()
        #expect(try await store.events.status(of: stream).firstVersion == 1)
        try await store.close()
    }

    @Test func aReleaseThatAnotherFailedToStoreIsStored() async throws {
        let store = try await open()
        _ = try await store.events.append([sampleEvent()], to: stream, expecting: .noStream)
        let release = ImportedChange.release(
            StreamStatus(version: 1, firstVersion: 2, isTombstoned: true), of: stream)
        let (first, imported) = try await importChanges([release], into: store, behind: fullOnce) { [stream] in
            try await store.events.delete(stream, mode: .tombstone, expecting: .any)
        }
        #expect(throws: EventStoreError.self) { try first.get() }
        try imported.get()
        #expect(try await store.events.status(of: stream).isTombstoned)
        try await store.close()
    }

    @Test func theSameImportIsDoneOnceTheFirstIsStored() async throws {
        let store = try await open()
        let changes = importing([sampleEvent()])
        let (first, imported) = try await importChanges(changes, into: store, behind: nil) {
            try await store.events.importChanges(changes)
        }
        try first.get()
        try imported.get()
        #expect(try await store.events.version(of: stream) == 1)
        try await store.close()
    }

    @Test func theSameImportIsStoredWhereTheFirstFails() async throws {
        let store = try await open()
        let changes = importing([sampleEvent()])
        let (first, imported) = try await importChanges(changes, into: store, behind: fullOnce) {
            try await store.events.importChanges(changes)
        }
        #expect(throws: EventStoreError.self) { try first.get() }
        try imported.get()
        #expect(try await store.events.version(of: stream) == 1)
        try await store.close()
    }

    @Test(arguments: [true, false])
    func anImportConflictsOnlyWithWhatIsStored(fails: Bool) async throws {
        let store = try await open()
        let changes = importing([sampleEvent()])
        let (_, imported) = try await importChanges(
            changes, into: store, behind: fails ? fullOnce : nil
        ) { [stream] in
            _ = try await store.events.append([sampleEvent(), sampleEvent()], to: stream, expecting: .noStream)
        }
        if fails {
            try imported.get()
        } else {
            #expect(throws: EventStoreError.self) { try imported.get() }
        }
        #expect(try await store.events.version(of: stream) == (fails ? 1 : 2))
        try await store.close()
    }

    @Test(arguments: [true, false])
    func anImportIsRefusedByATombstoneOnlyOnceItIsStored(fails: Bool) async throws {
        let store = try await open()
        let changes = importing([sampleEvent()])
        let (_, imported) = try await importChanges(
            changes, into: store, behind: fails ? fullOnce : nil
        ) { [stream] in
            try await store.events.delete(stream, mode: .tombstone, expecting: .any)
        }
        if fails {
            try imported.get()
        } else {
            #expect(throws: EventStoreError.self) { try imported.get() }
        }
        try await store.close()
    }

    @Test func aCommitThatAnImportBringsTwiceIsStoredOnce() async throws {
        let store = try await open()
        let changes = importing([sampleEvent()])
        let release = ImportedChange.release(
            StreamStatus(version: 1, firstVersion: 2, isTombstoned: true), of: stream)
        try await store.events.importChanges(changes + changes + [release, release])
        #expect(try await store.events.status(of: stream) == StreamStatus(version: 1).tombstoned)
        #expect(try await store.events.currentPosition() == Position(1))
        try await store.close()
    }
}
