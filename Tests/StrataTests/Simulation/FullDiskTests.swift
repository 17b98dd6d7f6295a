import EventSourcing
import Foundation
import Strata
import StrataTesting
import Testing

/// A full disk fails the append that meets it, and nothing else.
@Suite struct FullDiskTests {
    private let options = StrataOptions(segmentBytes: 64 << 10, preallocatedBytes: 0, idleMarkDelay: nil)

    @Test(arguments: [1, 8, 64]) func appendsGoOnOnceThereIsRoomAgain(waiting: Int) async throws {
        var randomness = SeededRandomness(seed: SimulationScale.seed)
        let rooms = (0..<4_096).shuffled(using: &randomness).prefix(SimulationScale.fullDisks / 3)
        for room in rooms { try await check(room: room, waiting: waiting) }
        print("full disks: \(rooms.count) with \(waiting) appends waiting, seed \(SimulationScale.seed)")
    }

    /// What makes a file longer than there is room for, a hole for example, takes all of the simulated device's, and no more.
    @Test(arguments: [true, false]) func aFullDeviceHasNoRoomAtLeast(isTruncated: Bool) throws {
        let device = SimulatedDevice(seed: 1)
        let file = try device.open("a", .create)
        device.setRoom(10)
        if isTruncated {
            try file.truncate(to: 100)
        } else {
            #expect(try file.write([UInt8](repeating: 2, count: 2).span.bytes, at: 98) == 2)
        }
        #expect(throws: SystemError.self) { try file.extend(to: 200) }
        #expect(try file.length() == 100)
        try file.truncate(to: 90)
        #expect(try file.write([UInt8](repeating: 3, count: 20).span.bytes, at: 90) == 10)
    }

    private func check(room: Int, waiting: Int) async throws {
        let device = SimulatedDevice(seed: UInt64(room))
        let store = try await StrataStore.open(on: device, options: options)
        let history = History()
        let (events, streams) = samples(waiting, seed: UInt64(room))
        // The segment is nearly full, so that some of the appends roll over.
        try await append([events[0]], streams, to: store, history, device)
        device.setRoom(room)
        try await append(Array(events[1...waiting]), streams, to: store, history, device)
        let failed = history.appends.filter { if case .failure = $0.answer { true } else { false } }
        for case .failure(let error)? in failed.map(\.answer) {
            #expect(error.code == .storageFull, "room for \(room) bytes: \(error)")
        }
        device.setRoom(nil)
        try await append([events[waiting + 1]], streams, to: store, history, device)
        if case .failure(let error) = history.appends.last?.answer {
            Issue.record("room for \(room) bytes: there is room again, and an append fails: \(error)")
        }
        let found = try await store.events.readAll().collect()
        try history.expectation(after: .processDeath).check(found)
        try await RecoveryCheck(
            device.storage.afterTotalLoss, history.expectation(after: .lossOfPower), options: options
        ).run()
    }

    private func samples(_ waiting: Int, seed: UInt64) -> (events: [NewEvent], streams: [StreamID]) {
        var randomness = SeededRandomness(seed: seed)
        let sizes = [60_000] + (0..<waiting).map { _ in Int.random(in: 0...3_000, using: &randomness) } + [50]
        let streams = sizes.indices.map { _ in StreamID("Order", UUID(using: &randomness)) }
        return (sizes.map { NewEvent.sample(payloadBytes: $0, using: &randomness) }, streams)
    }

    private func append(
        _ events: [NewEvent], _ streams: [StreamID], to store: StrataStore, _ history: History,
        _ device: SimulatedDevice
    ) async throws {
        await withTaskGroup { group in
            for event in events {
                let stream = streams[Int(event.id.uuid.0) % streams.count]
                let number = history.submit([event], to: stream, at: device.calls)
                group.addTask {
                    let answer: Result<AppendResult, EventStoreError>
                    do throws(EventStoreError) {
                        answer = .success(try await store.events.append([event], to: stream, expecting: .any))
                    } catch {
                        answer = .failure(error)
                    }
                    history.settle(number, answer, at: device.calls)
                }
            }
        }
    }
}
