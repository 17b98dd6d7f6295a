import EventSourcing
import Foundation
import StrataTesting
import Testing

@testable import Strata

/// Nobody has to close a store, and whatever is kept of it keeps it open.
@Suite struct DroppedStoreTests {
    private let stream = sampleStream()

    private func append(_ store: StrataEventStore) async throws {
        _ = try await store.append([sampleEvent()], to: stream, expecting: .any)
    }

    @Test func whatTheIntervalPromisesIsKept() async throws {
        let device = SimulatedDevice(seed: 1)
        let options = StrataOptions(durability: .interval(.seconds(3_600)), idleMarkDelay: nil)
        var store: StrataStore? = try await StrataStore.open(on: device, options: options)
        try await append(#require(store).events)
        store = nil
        // A task may still have a hold of it.
        var count = 0
        for _ in 1...1_000 where count == 0 {
            try await Task.sleep(for: .milliseconds(10))
            let power = SimulatedDevice(device.storage.afterTotalLoss)
            count = try await StrataStore.open(on: power, options: StrataOptions(access: .readOnly)).allEvents().count
        }
        #expect(count == 1)
    }

    @Test func whoeverKeepsTheSnapshotsKeepsTheLock() async throws {
        let directory = TemporaryDirectory()
        var store: StrataStore? = try await StrataStore.open(at: directory.path)
        try await append(#require(store).events)
        let snapshots = try #require(store).snapshots
        store = nil
        for _ in 1...20 {
            let error = await #expect(throws: StrataError.self) { _ = try await StrataStore.open(at: directory.path) }
            #expect(error?.code == .locked)
            await Task.yield()
        }
        try await snapshots.save(
            Snapshot(stream: stream, version: 1, schemaVersion: 1, createdAt: .distantPast, state: Bytes("{}")))
    }

    @Test(.timeLimit(.minutes(5))) func whoeverKeepsTheEventsHasThemCompacted() async throws {
        let directory = TemporaryDirectory()
        var options = StrataOptions(segmentBytes: 64 << 10, idleMarkDelay: nil)
        options.automaticCompaction = .automatic
        let events = try await StrataStore.open(at: directory.path, options: options).events
        while try !StoreFiles(directory).segments().contains(where: { $0.contains("-") }) {
            for _ in 0..<50 { try await append(events) }
        }
    }

    @Test func aScrubThatOnlyALoopHasComesToItsEnd() async throws {
        let directory = TemporaryDirectory()
        try await StrataStore.with(directory, StrataOptions(segmentBytes: 64 << 10)) { store in
            for _ in 0..<300 { try await append(store.events) }
            for _ in 1...20 {
                var last: Scrub.Progress?
                for await progress in store.scrub() { last = progress }
                #expect(last?.job.bytesDone == last?.job.bytesTotal)
                #expect(last != nil)
            }
        }
    }

    @Test func aClosedStoreSaysSo() async throws {
        let store = try await StrataStore.open(on: SimulatedDevice(seed: 1), options: StrataOptions())
        try await store.close()
        let statistics = await #expect(throws: StrataError.self) { _ = try await store.statistics() }
        let preview = await #expect(throws: StrataError.self) { _ = try await store.compactionPreview() }
        #expect(statistics?.code == .closed && preview?.code == .closed)
    }
}
