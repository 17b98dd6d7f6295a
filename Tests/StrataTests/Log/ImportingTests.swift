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
}
