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

    @Test func nothingIsWrittenOnceTheStoreIsClosed() async throws {
        for number in 1...20 {
            let device = SimulatedDevice()
            let options = StrataOptions(preallocatedBytes: 0, idleMarkDelay: nil)
            let store = try await StrataStore.open(on: device, options: options)
            _ = try await store.events.append(
                [sampleEvent(id: UUID(bits: UInt128(number)))], to: sampleStream(), expecting: .noStream)
            let (first, second) = (sampleStream(), sampleStream())
            // The second one must be looked for in stored frames; meanwhile the store closes.
            let changes = [(first, UUID()), (second, looksLike(number))].map { stream, id in
                ImportedChange.commit(
                    ImportedCommit([sampleEvent(id: id)], to: stream, firstVersion: 1, storedAt: .distantFuture))
            }
            let imported = Task.immediate { try await store.events.importChanges(changes) }
            let closed = Task.immediate { try await store.close() }
            try await closed.value
            let outcome = await imported.result

            let reopened = try await StrataStore.open(on: device, options: options)
            let versions = try await [reopened.events.version(of: first), reopened.events.version(of: second)]
            // All of it was stored before, or nothing is.
            switch outcome {
            case .success: #expect(versions == [1, 1])
            case .failure: #expect(versions == [0, 0])
            }
            try await reopened.close()
        }
    }

    @Test(.timeLimit(.minutes(1))) func whoWaitsBehindAnImportThatMeetsAClosedStoreIsAnswered() async throws {
        for number in 1...20 {
            let device = SimulatedDevice()
            let store = try await StrataStore.open(
                on: device, options: StrataOptions(preallocatedBytes: 0, idleMarkDelay: nil))
            _ = try await store.events.append(
                [sampleEvent(id: UUID(bits: UInt128(number)))], to: sampleStream(), expecting: .noStream)
            let (first, second) = (sampleStream(), sampleStream())
            let changes = [(first, UUID()), (second, looksLike(number))].map { stream, id in
                ImportedChange.commit(
                    ImportedCommit([sampleEvent(id: id)], to: stream, firstVersion: 1, storedAt: .distantFuture))
            }
            let imported = Task.immediate { try await store.events.importChanges(changes) }
            let deletion = Task.immediate { try await store.events.delete(first, mode: .tombstone, expecting: .any) }
            try await store.close()
            _ = await imported.result
            _ = await deletion.result
        }
    }

    /// Appends that were refused because of others that were on their way and then failed.
    @Test(.timeLimit(.minutes(1))) func whoConflictsWithAnAppendThatFailsIsAnswered() async throws {
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
