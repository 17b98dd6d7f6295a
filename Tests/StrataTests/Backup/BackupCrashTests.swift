import EventSourcing
import Foundation
import Glibc
import Strata
import StrataTesting
import Testing

/// Whenever a backup is cut off, the older one is whole, with perhaps more of its last segment, or the newer one is, and
/// the next goes on from there.
@Suite(.serialized) struct BackupCrashTests {
    private let seed: UInt64 = 7
    private let options = StrataOptions(segmentBytes: 8 << 10, idleMarkDelay: nil)

    /// A store that has lived for a while, once more later on, and a backup of its first state.
    private struct Life {
        let earlier: SimulatedDevice
        let later: SimulatedDevice
        let earlierEvents: [RecordedEvent]
        let laterEvents: [RecordedEvent]
        /// Of all events that there ever were.
        let ids: Set<UUID>
        let backup: SimulatedStorage
    }

    /// - Parameter rounds: how many there are between the two states.
    private func life(rounds: Int = 25) async throws -> Life {
        let streams = [sampleStream("Order"), sampleStream("Cart")]
        var ids: Set<UUID> = []
        // So that they fill several segments.
        var randomness = SeededRandomness(seed: seed)
        func live(_ device: SimulatedDevice, _ rounds: Int) async throws -> [RecordedEvent] {
            let store = try await StrataStore.open(on: device, options: options)
            for number in 0..<rounds {
                let stream = streams[number % 2]
                let event = sampleEvent(String(repeating: "x", count: 300 + number))
                let result = try await store.events.append([event], to: stream, expecting: .any)
                ids.insert(event.id)
                if number % 5 == 4 {
                    try await store.snapshots.save(
                        Snapshot(
                            stream: stream, version: result.version, schemaVersion: 1, createdAt: .distantPast,
                            state: Bytes(randomness.bytes(3_000))))
                    try await store.events.truncate(stream, before: result.version - 1, expecting: .any)
                }
            }
            let events = try await store.allEvents()
            try await store.close()
            return events
        }
        let device = SimulatedDevice(seed: seed)
        let earlierEvents = try await live(device, 20)
        let earlier = SimulatedDevice(device.storage, seed: seed)
        let backup = SimulatedDevice(seed: seed)
        _ = try StrataStore.backup(of: earlier, to: backup)
        let laterEvents = try await live(device, rounds)
        return Life(
            earlier: earlier, later: SimulatedDevice(device.storage, seed: seed), earlierEvents: earlierEvents,
            laterEvents: laterEvents, ids: ids, backup: backup.storage)
    }

    /// The events of a sound backup; nil where there is none yet.
    private func events(of storage: SimulatedStorage) async throws -> [RecordedEvent]? {
        let device = SimulatedDevice(storage, seed: seed)
        guard storage.contents["MANIFEST"] != nil, storage.contents["SALVAGE"]?.isEmpty != false else { return nil }
        let report = try StrataStore.verify(on: device)
        try require(report.damage.isEmpty, "\(report.damage)")
        let store = try await StrataStore.open(on: device, options: StrataOptions(access: .readOnly))
        let events = try await store.allEvents()
        for (stream, left) in Dictionary(grouping: events, by: \.stream) where left[0].version > 1 {
            let snapshot = try await store.snapshots.latest(for: stream)
            let fits = left.contains { $0.version == snapshot?.version }
            try require(fits, "a truncated stream cannot be loaded")
        }
        return events
    }

    /// Checks what was left, makes it a store, and goes on with the backup.
    private func check(_ storage: SimulatedStorage, _ life: Life, source: SimulatedDevice, isFirst: Bool) async throws {
        let wanted = isFirst ? life.earlierEvents : life.laterEvents
        let found = try await events(of: storage)
        try require(isFirst || found != nil, "the older backup is gone")
        let ids = Set(found?.map(\.id) ?? [])
        try require(ids.isSubset(of: life.ids), "there are events that the store never had")
        let last = found?.last?.position ?? 0
        let due = wanted.filter { $0.position <= last }.map(\.id)
        try require(Set(due).isSubset(of: ids), "events are missing in the middle")
        // Released ones may be gone.
        let kept = Set(life.earlierEvents.map(\.id)).intersection(wanted.map(\.id))
        try require(found == nil || kept.isSubset(of: ids), "there are fewer events than the older backup had")
        if found != nil {
            let device = SimulatedDevice(storage, seed: seed)
            try await StrataStore.open(on: device, options: options).close()
            try require(try await events(of: device.storage) == found, "a writer changes what the backup shows")
        }
        let device = SimulatedDevice(storage, seed: seed)
        _ = try StrataStore.backup(of: source, to: device)
        try require(try await events(of: device.storage) == wanted, "the next backup is not complete")
    }

    private func require(_ condition: Bool, _ message: String) throws {
        if !condition { throw Failure(description: message) }
    }

    private struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// The last segment of the older backup is sealed after many rounds, and still appended to after few.
    @Test(arguments: [(true, 25), (false, 25), (false, 6)])
    func aCrashAtAnyPointLeavesTheOlderOrTheNewerBackup(isFirst: Bool, rounds: Int) async throws {
        let life = try await life(rounds: rounds)
        var randomness = SeededRandomness(seed: seed)
        let source = isFirst ? life.earlier : life.later
        let device = SimulatedDevice(isFirst ? SimulatedStorage() : life.backup, seed: seed)
        device.keepImages()
        _ = try StrataStore.backup(of: source, to: device)
        let complete = try await events(of: device.storage)
        #expect(complete == (isFirst ? life.earlierEvents : life.laterEvents))
        var count = 0
        for image in device.images {
            for loss in image.storage.lossesOfPower(limit: 3, using: &randomness) {
                do {
                    try await check(image.storage.after(loss), life, source: source, isFirst: isFirst)
                } catch {
                    Issue.record("behind \(image.call), \(loss), seed \(seed): \(error)")
                }
                count += 1
            }
        }
        print("backup crashes: \(count) images behind \(device.images.count) calls, seed \(seed)")
        #expect(count > 50)
    }

    @Test(arguments: [ENOSPC, EIO])
    func aFailedCallLeavesTheOlderOrTheNewerBackup(_ number: Int32) async throws {
        let life = try await life()
        let plain = SimulatedDevice(life.backup, seed: seed)
        _ = try StrataStore.backup(of: life.later, to: plain)
        for call in stride(from: 1, through: plain.calls, by: 5) {
            let device = SimulatedDevice(life.backup, seed: seed)
            device.inject([DeviceFault(atCall: call, .error(number))])
            _ = try? StrataStore.backup(of: life.later, to: device)
            let struck = device.struck.first.map { "\($0)" } ?? "no call"
            device.clearFaults()
            do {
                try await check(device.afterProcessDeath().storage, life, source: life.later, isFirst: false)
            } catch {
                Issue.record("\(number) struck \(struck), seed \(seed): \(error)")
            }
        }
    }

    /// The next attempt succeeds, and what it says is durable is, although the operating system took it for durable before.
    @Test(arguments: [DeviceFault.FailedSync.keptInCache, .reverted, .goneWithLastReference])
    func aBackupBehindOneWhoseSyncFailedIsDurable(_ model: DeviceFault.FailedSync) async throws {
        let life = try await life()
        for isFirst in [true, false] {
            let source = isFirst ? life.earlier : life.later
            let before = isFirst ? SimulatedStorage() : life.backup
            let plain = SimulatedDevice(before, seed: seed)
            plain.keepCalls()
            _ = try StrataStore.backup(of: source, to: plain)
            // Of the parent's entry the simulation knows only that it was synced.
            for call in plain.log where call.operation == .sync || call.operation == .syncDirectory {
                let device = SimulatedDevice(before, seed: seed)
                device.inject([DeviceFault(atCall: call.number, .failedSync(model))])
                #expect(throws: StrataError.self) { try StrataStore.backup(of: source, to: device) }
                let next = device.afterProcessDeath()
                next.clearFaults()
                do {
                    _ = try StrataStore.backup(of: source, to: next)
                    let found = try await events(of: next.storage.afterTotalLoss)
                    let wanted = isFirst ? life.earlierEvents : life.laterEvents
                    try require(found == wanted, "\(found?.count ?? 0) of \(wanted.count) events are there")
                } catch {
                    Issue.record("\(call) failed, first \(isFirst), seed \(seed): \(error)")
                }
            }
        }
    }

    @Test func aRestorationThatIsCutOffLeavesNoStoreOrAWholeOne() async throws {
        let life = try await life()
        var randomness = SeededRandomness(seed: seed)
        let device = SimulatedDevice(seed: seed)
        device.keepImages()
        _ = try StrataStore.restore(SimulatedDevice(life.backup, seed: seed), to: device)
        #expect(try await events(of: device.storage) == life.earlierEvents)
        for image in device.images {
            for loss in image.storage.lossesOfPower(limit: 3, using: &randomness) {
                do {
                    let left = SimulatedDevice(image.storage.after(loss), seed: seed)
                    // Which must not make a store of a part.
                    _ = try? StrataStore.recover(on: left, dryRun: false)
                    let found = try await events(of: left.storage)
                    try require(found == nil || found == life.earlierEvents, "a part was restored")
                } catch {
                    Issue.record("behind \(image.call), \(loss), seed \(seed): \(error)")
                }
            }
        }
    }
}
