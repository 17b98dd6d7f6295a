import EventSourcing
import Foundation
import Strata
import StrataTesting
import Synchronization
import Testing

/// Snapshots on the device: kept across openings, compressed, and never believed when damaged or ahead.
@Suite struct SnapshotFileTests {
    private let stream = sampleStream()

    private func snapshot(_ version: Int, schema: Int = 1, _ state: String = "{}") -> Snapshot {
        let createdAt = Timestamp(Date(timeIntervalSince1970: 1))
        return Snapshot(
            stream: stream, version: version, schemaVersion: schema, createdAt: createdAt, state: Bytes(state))
    }

    /// Bytes without repetition, the same at each run.
    private func incompressible(_ count: Int) -> Bytes {
        var state: UInt64 = 1
        return Bytes(
            (0..<count).map { _ in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return UInt8(truncatingIfNeeded: state >> 33)
            })
    }

    private func appendEvents(_ store: StrataStore, _ count: Int) async throws {
        let events = (0..<count).map { _ in sampleEvent() }
        _ = try await store.events.append(events, to: stream, expecting: .any)
    }

    @Test func theLatestSnapshotIsThereAfterOpeningAgain() async throws {
        let directory = TemporaryDirectory()
        let state = String(repeating: "abcdefgh", count: 1_000)
        try await StrataStore.with(directory) { store in
            try await appendEvents(store, 7)
            try await store.snapshots.save(snapshot(3))
            try await store.snapshots.save(snapshot(7, state))
        }
        try await StrataStore.with(directory) { store in
            #expect(try await store.snapshots.latest(for: stream) == snapshot(7, state))
            let listed = try await store.snapshots.list()
            #expect(listed.map(\.version) == [7])
            #expect(listed.map(\.stateBytes) == [8_000])
            #expect(try #require(listed.first).storedBytes < 500)
        }
    }

    @Test func aStateThatDoesNotShrinkIsKeptAsItIs() async throws {
        let state = incompressible(5_000)
        let directory = TemporaryDirectory()
        let random = Snapshot(
            stream: stream, version: 1, schemaVersion: 1, createdAt: .now(), contentType: .binary, state: state)
        try await StrataStore.with(directory) { store in
            try await appendEvents(store, 1)
            try await store.snapshots.save(random)
        }
        #expect(try await StrataStore.with(directory) { try await $0.snapshots.latest(for: stream) } == random)
    }

    /// One that is saved while it is looked at whether the other is still kept stays.
    @Test func aSnapshotIsNotDeletedInPlaceOfAnother() async throws {
        let (stream, newer) = (stream, snapshot(7))
        let base = SimulatedDevice()
        let options = StrataOptions(idleMarkDelay: nil)
        let filled = try await StrataStore.open(on: base, options: options)
        try await appendEvents(filled, 7)
        try await filled.snapshots.save(snapshot(3))
        try await filled.close()
        let opened = Mutex<StrataStore?>(nil)
        let device = InterferingDevice(base, before: "snapshots/", access: .read, passing: 3) { _, _ in
            let store = opened.withLock { $0 }
            waiting { try await store?.snapshots.save(newer) }
        }
        let store = try await StrataStore.open(on: device, options: options)
        opened.withLock { $0 = store }
        #expect(try await !store.snapshots.delete(snapshot(3)))
        #expect(try await store.snapshots.latest(for: stream) == newer)
        #expect(try await store.snapshots.delete(newer))
        #expect(try await !store.snapshots.delete(newer))
        opened.withLock { $0 = nil }
        try await store.close()
    }

    @Test func aDeletedSnapshotStaysDeleted() async throws {
        let directory = TemporaryDirectory()
        try await StrataStore.with(directory) { store in
            try await appendEvents(store, 1)
            try await store.snapshots.save(snapshot(1))
            #expect(try await store.snapshots.delete(for: stream))
        }
        #expect(try await StrataStore.with(directory) { try await $0.snapshots.latest(for: stream) } == nil)
    }

    @Test func aSnapshotAheadOfItsStreamIsGoneForGood() async throws {
        let directory = TemporaryDirectory()
        try await StrataStore.with(directory) { store in
            try await appendEvents(store, 2)
            try await store.snapshots.save(snapshot(5))
        }
        let seen = try await StrataStore.with(directory, StrataOptions(access: .readOnly)) {
            try await $0.snapshots.latest(for: stream)
        }
        #expect(seen == nil)
        try await StrataStore.with(directory) { store in
            #expect(try await store.snapshots.latest(for: stream) == nil)
            // The stream gets to that version with other events than those that the snapshot knew.
            try await appendEvents(store, 3)
        }
        #expect(try await StrataStore.with(directory) { try await $0.snapshots.latest(for: stream) } == nil)
    }

    @Test func everyFlippedBitOfASnapshotMakesItAbsentAndNothingWorse() async throws {
        let directory = TemporaryDirectory()
        let files = StoreFiles(directory)
        try await StrataStore.with(directory) { store in
            try await appendEvents(store, 1)
            try await store.snapshots.save(snapshot(1, String(repeating: "s", count: 100)))
        }
        let name = "snapshots/\(try #require(files.names("snapshots").first))"
        let bytes = try files.read(name)
        let markLength = 88
        for offset in bytes.indices {
            try files.flipBit(at: offset, of: name)
            let (latest, events) = try await StrataStore.with(directory, StrataOptions(access: .readOnly)) { store in
                (try await store.snapshots.latest(for: stream), try await store.allEvents().count)
            }
            // The mark at the end holds nothing of the snapshot.
            #expect((latest == nil) == (offset < bytes.count - markLength), "offset \(offset)")
            #expect(events == 1)
            try files.write(bytes, to: name)
        }
    }

    @Test func aTornSnapshotIsPassedOverAndTheNextOneBeginsElsewhere() async throws {
        let directory = TemporaryDirectory()
        let files = StoreFiles(directory)
        try await StrataStore.with(directory) { store in
            try await appendEvents(store, 3)
            try await store.snapshots.save(snapshot(1))
            try await store.snapshots.save(snapshot(2))
        }
        let name = "snapshots/\(try #require(files.names("snapshots").first))"
        let markLength = 88
        try files.truncate(name, to: try files.read(name).count - markLength - 8)
        try await StrataStore.with(directory) { store in
            #expect(try await store.snapshots.latest(for: stream)?.version == 1)
            try await store.snapshots.save(snapshot(3))
        }
        #expect(try files.names("snapshots").count == 2)
        #expect(try await StrataStore.with(directory) { try await $0.snapshots.latest(for: stream) }?.version == 3)
        let report = try await StrataStore.verify(at: directory.path)
        #expect(report.isSound)
    }

    @Test func snapshotSegmentsRollOver() async throws {
        let directory = TemporaryDirectory()
        let options = StrataOptions(segmentBytes: 64 << 10)
        try await StrataStore.with(directory, options) { store in
            try await appendEvents(store, 10)
            for version in 1...10 {
                let large = Snapshot(
                    stream: stream, version: version, schemaVersion: 1, createdAt: .now(), contentType: .binary,
                    state: incompressible(20_000))
                try await store.snapshots.save(large)
            }
        }
        #expect(try StoreFiles(directory).names("snapshots").count > 2)
        #expect(try await StrataStore.with(directory) { try await $0.snapshots.latest(for: stream) }?.version == 10)
    }
}
