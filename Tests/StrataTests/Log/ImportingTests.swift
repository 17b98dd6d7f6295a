import EventSourcing
import Foundation
import StrataTesting
import Testing

@testable import Strata

/// Imports beside appends that fail.
@Suite struct ImportingTests {
    /// An id that the index cannot tell from the stored id of that number.
    private func looksLike(_ number: Int) -> UUID {
        let id = UUID(bits: 1 << 64 | UInt128(UInt64(number) &- 0x9E37_79B9_7F4A_7C15))
        #expect(IndexHash.event(id.bits) == IndexHash.event(UInt128(number)))
        return id
    }

    @Test func nothingIsLeftOfAnImportThatFailsWithWhatCameBefore() async throws {
        let device = SimulatedDevice()
        let store = try await StrataStore.open(
            on: device, options: StrataOptions(preallocatedBytes: 0, idleMarkDelay: nil))
        let stored = (1...200).map { sampleEvent(id: UUID(bits: UInt128($0))) }
        _ = try await store.events.append(stored, to: sampleStream(), expecting: .noStream)
        for number in 1...100 {
            let (first, second) = (sampleStream(), sampleStream())
            // Each must be looked for in stored frames, which takes until the append before has failed.
            let changes = [(first, looksLike(number)), (second, looksLike(100 + number))].map { stream, id in
                ImportedChange.commit(
                    ImportedCommit([sampleEvent(id: id)], to: stream, firstVersion: 1, storedAt: .distantFuture))
            }
            device.setRoom(0)
            let append = Task.immediate {
                try await store.events.append([sampleEvent()], to: first, expecting: .noStream)
            }
            let imported = Task.immediate { try await store.events.importChanges(changes) }
            await #expect(throws: EventStoreError.self) { _ = try await append.value }
            await #expect(throws: EventStoreError.self) { try await imported.value }
            device.setRoom(nil)

            try await store.events.importChanges(changes)
            for stream in [first, second] { #expect(try await store.events.version(of: stream) == 1) }
        }
        try await store.close()
    }

    /// A store, and an import into it whose second commit must be looked for in many frames, which takes longer than closing.
    private func storeWithImport(on device: SimulatedDevice) async throws -> (StrataStore, [ImportedChange], [StreamID])
    {
        let store = try await StrataStore.open(on: device, options: Self.options)
        for number in 1...300 {
            _ = try await store.events.append(
                [sampleEvent(id: UUID(bits: UInt128(number)))], to: sampleStream(), expecting: .noStream)
        }
        let streams = [sampleStream(), sampleStream()]
        let events = [[sampleEvent()], (1...300).map { sampleEvent(id: looksLike($0)) }]
        let changes = zip(streams, events).map { stream, events in
            ImportedChange.commit(
                ImportedCommit(events, to: stream, firstVersion: 1, storedAt: .distantFuture))
        }
        return (store, changes, streams)
    }

    /// A type that the log has never named, and a release of what this store never had.
    @Test(.timeLimit(.minutes(10))) func whoIsRefusedByAReleaseUnderWayIsAnswered() async throws {
        let store = try await StrataStore.open(on: SimulatedDevice(), options: Self.options)
        for number in 1...100 {
            let stream = StreamID("Type\(number)", UUID())
            let release = ImportedChange.release(
                StreamStatus(version: 5, firstVersion: 6, isTombstoned: number.isMultiple(of: 2)), of: stream)
            let imported = Task.immediate { try await store.events.importChanges([release]) }
            let refused = Task.immediate {
                try await store.events.append([sampleEvent()], to: stream, expecting: .exactly(3))
            }
            try await imported.value
            await #expect(throws: EventStoreError.self) { _ = try await refused.value }
            #expect(try await store.events.version(of: stream) == 5)
        }
        try await store.close()
    }

    /// Of a type that the log has never named.
    @Test(.timeLimit(.minutes(10))) func nobodyIsToldOfATombstoneThatIsNotStored() async throws {
        let device = SimulatedDevice()
        let store = try await StrataStore.open(on: device, options: Self.options)
        device.setRoom(0)
        for number in 1...100 {
            let stream = StreamID("Type\(number)", UUID())
            let deletions = [1, 2].map { _ in
                Task.immediate { try await store.events.delete(stream, mode: .tombstone, expecting: .any) }
            }
            let append = Task.immediate {
                try await store.events.append([sampleEvent()], to: stream, expecting: .any)
            }
            for deletion in deletions {
                let error = await #expect(throws: EventStoreError.self) { _ = try await deletion.value }
                #expect(error?.code == .storageFull)
            }
            let error = await #expect(throws: EventStoreError.self) { _ = try await append.value }
            #expect(error?.code == .storageFull)
        }
        device.setRoom(nil)
        try await store.close()
    }

    @Test(arguments: [0, -1, Int.min, EventLimits.importedVersion + 1, Int.max])
    func versionsThatNoStreamCanHaveAreRefused(_ version: Int) async throws {
        let store = try await StrataStore.open(on: SimulatedDevice(), options: Self.options)
        let stream = sampleStream()
        var changes: [ImportedChange] = [
            .commit(ImportedCommit([sampleEvent()], to: stream, firstVersion: version, storedAt: .distantPast)),
            .release(StreamStatus(version: 1, firstVersion: version), of: stream),
        ]
        if version != 0 { changes.append(.release(StreamStatus(version: version, firstVersion: 1), of: stream)) }
        for change in changes {
            let error = await #expect(throws: EventStoreError.self) { try await store.events.importChanges([change]) }
            #expect(error?.code == .invalidArgument)
        }
        #expect(try await store.events.status(of: stream) == StreamStatus(version: 0))
        try await store.close()
    }

    @Test func theHighestVersionsThatAnImportMayBring() async throws {
        let device = SimulatedDevice()
        let store = try await StrataStore.open(on: device, options: Self.options)
        let (stream, highest) = (sampleStream(), EventLimits.importedVersion)
        try await store.events.importChanges([
            .release(StreamStatus(version: highest - 1, firstVersion: highest), of: stream),
            .commit(ImportedCommit([sampleEvent()], to: stream, firstVersion: highest, storedAt: .distantPast)),
        ])
        let result = try await store.events.append([sampleEvent()], to: stream, expecting: .exactly(highest))
        #expect(result.version == highest + 1)
        try await store.close()
        let reopened = try await StrataStore.open(on: device, options: Self.options)
        #expect(try await reopened.events.readStream(stream).collect().map(\.version) == [highest, highest + 1])
        try await reopened.close()
    }

    private static let options = StrataOptions(preallocatedBytes: 0, idleMarkDelay: nil)

    @Test func nothingIsWrittenOnceTheStoreIsClosed() async throws {
        for _ in 1...5 {
            let device = SimulatedDevice()
            let (store, changes, streams) = try await storeWithImport(on: device)
            let imported = Task.immediate { try await store.events.importChanges(changes) }
            let closed = Task.immediate { try await store.close() }
            try await closed.value
            let outcome = await imported.result

            let reopened = try await StrataStore.open(on: device, options: Self.options)
            var versions: [Int] = []
            for stream in streams { versions.append(try await reopened.events.version(of: stream)) }
            // All of it was stored before, or nothing is.
            switch outcome {
            case .success: #expect(versions == [1, 300])
            case .failure: #expect(versions == [0, 0])
            }
            try await reopened.close()
        }
    }

    /// The timer of an idle log may go off while its store closes.
    @Test func aClosedLogIsNotMarked() async throws {
        let device = SimulatedDevice()
        let store = try await StrataStore.open(on: device, options: Self.options)
        _ = try await store.events.append([sampleEvent()], to: sampleStream(), expecting: .noStream)
        // Closing finds no room for its mark.
        device.setRoom(0)
        try await store.close()
        device.setRoom(nil)
        let before = device.mutatingCalls
        try await store.events.writer?.log.markIfRoom()
        #expect(device.mutatingCalls == before)
    }

    @Test(.timeLimit(.minutes(10))) func whoWaitsBehindAnImportThatMeetsAClosedStoreIsAnswered() async throws {
        for _ in 1...5 {
            let (store, changes, streams) = try await storeWithImport(on: SimulatedDevice())
            let imported = Task.immediate { try await store.events.importChanges(changes) }
            let deletion = Task.immediate {
                try await store.events.delete(streams[0], mode: .tombstone, expecting: .any)
            }
            try await store.close()
            _ = await imported.result
            _ = await deletion.result
        }
    }

    /// Appends that were refused because of others that were on their way and then failed.
    @Test(.timeLimit(.minutes(10))) func whoConflictsWithAnAppendThatFailsIsAnswered() async throws {
        let device = SimulatedDevice()
        let store = try await StrataStore.open(
            on: device, options: StrataOptions(preallocatedBytes: 0, idleMarkDelay: nil))
        _ = try await store.events.append([sampleEvent()], to: sampleStream(), expecting: .noStream)
        device.setRoom(0)
        for _ in 1...300 {
            let stream = sampleStream()
            await withTaskGroup(of: Void.self) { group in
                for _ in 1...8 {
                    group.addTask {
                        await #expect(throws: EventStoreError.self) {
                            try await store.events.append([sampleEvent()], to: stream, expecting: .noStream)
                        }
                    }
                }
            }
        }
        device.setRoom(nil)
        try await store.close()
    }
}
