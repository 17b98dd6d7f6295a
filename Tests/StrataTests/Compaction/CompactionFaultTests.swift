import EventSourcing
import Foundation
import StrataTesting
import Testing

@testable import Strata

/// What goes wrong with the device ends the job, and harms nothing.
@Suite struct CompactionFaultTests {
    private let options = StrataOptions(segmentBytes: 64 << 10, idleMarkDelay: nil)
    private let streams = (0..<3).map { StreamID("Order", UUID(bits: $0 + 1)) }

    /// A device with a store of several segments, the first stream's events released.
    private func makeStore() async throws -> SimulatedStorage {
        let device = SimulatedDevice(seed: 7)
        let store = try await StrataStore.open(on: device, options: options)
        var randomness = SeededRandomness(seed: 7)
        for number in 0..<12 {
            let event = NewEvent.sample(payloadBytes: 20_000, using: &randomness)
            _ = try await store.events.append([event], to: streams[number % 3], expecting: .any)
        }
        _ = try await store.events.delete(streams[0], mode: .soft, expecting: .any)
        try await store.close()
        return device.storage
    }

    @Test func aFullDiskFailsTheJobAloneAndLeavesNothing() async throws {
        let storage = try await makeStore()
        var randomness = SeededRandomness(seed: SimulationScale.seed)
        var failures = 0
        for _ in 0..<12 {
            let room = Int.random(in: 1..<200_000, using: &randomness)
            let device = SimulatedDevice(storage, seed: 1)
            let store = try await StrataStore.open(on: device, options: options)
            let before = try await store.allEvents()
            device.setRoom(room)
            do {
                _ = try await store.compact().report()
            } catch {
                failures += 1
                #expect(error.code == .storageFull, "\(error)")
                #expect(error.message.contains(" bytes"), "\(error)")
                let left = device.storage.contents.keys.filter { $0.contains("-") || $0.hasSuffix(".new") }
                #expect(left.isEmpty, "room for \(room) bytes: \(left)")
                let after = try await store.allEvents()
                #expect(after == before)
            }
            device.setRoom(nil)
            let report = try await store.compact().report()
            #expect(report.leftovers.isEmpty)
            let after = try await store.allEvents()
            #expect(after == before)
            _ = try await store.events.append([sampleEvent()], to: streams[1], expecting: .exactly(4))
            try await store.close()
            #expect(try StrataStore.verify(on: device.afterProcessDeath()).isSound)
        }
        #expect(failures > 0)
    }

    @Test func aDamagedSegmentIsLeftAsItIs() async throws {
        let storage = try await makeStore()
        let device = SimulatedDevice(storage, seed: 1)
        let store = try await StrataStore.open(on: device, options: options)
        let name = SegmentIdentity(number: 1).name
        let file = try StoreFile(name, .readWrite, on: device)
        let original = try file.read(1, at: 30_000)
        try file.write([original[0] ^ 1].span.bytes, at: 30_000)
        let damaged = device.storage[file: name]
        await #expect {
            _ = try await store.compact().report()
        } throws: { error in
            (error as? StrataError)?.code == .damaged
        }
        let isUnchanged = device.storage[file: name] == damaged
        #expect(isUnchanged)
        #expect(!device.storage.contents.keys.contains { $0.contains("-") })
    }

    @Test func nothingIsWrittenBehindASyncThatFailed() async throws {
        for closes in [false, true] {
            let device = SimulatedDevice(try await makeStore(), seed: 1)
            let store = try await StrataStore.open(on: device, options: options)
            device.inject([DeviceFault(atCall: device.calls, .failedSync(.keptInCache))])
            await #expect(throws: EventStoreError.self) {
                try await store.events.append([sampleEvent()], to: streams[1], expecting: .any)
            }
            device.clearFaults()
            // The system reports success from now on, although the pages are gone.
            await #expect(throws: StrataError.self) { try await store.compact().report() }
            if closes { try? await store.close() }
            let report = try StrataStore.verify(on: SimulatedDevice(device.storage.afterTotalLoss))
            #expect(report.isSound, "\(report.damage)")
        }
    }

    @Test func aSyncThatFailedInACompactionFailsLaterAppends() async throws {
        let device = SimulatedDevice(try await makeStore(), seed: 1)
        let store = try await StrataStore.open(on: device, options: options)
        _ = try await store.events.append([sampleEvent()], to: streams[1], expecting: .any)
        device.inject([DeviceFault(atCall: device.calls, .failedSync(.keptInCache))])
        await #expect(throws: StrataError.self) { try await store.compact().report() }
        device.clearFaults()
        await #expect(throws: EventStoreError.self) {
            try await store.events.append([sampleEvent()], to: streams[1], expecting: .any)
        }
        try? await store.close()
        let report = try StrataStore.verify(on: SimulatedDevice(device.storage.afterTotalLoss))
        #expect(report.isSound, "\(report.damage)")
    }
}
