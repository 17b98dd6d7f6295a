import EventSourcing
import Foundation
import Strata
import Testing

/// What rots while the store is open is never handed out: every read verifies what it reads.
@Suite struct ReadVerificationTests {
    private let directory = TemporaryDirectory()
    private var files: StoreFiles { StoreFiles(directory) }
    private let stream = sampleStream()

    /// Opens a store with one commit, damages the middle of its payload, and lets something be read.
    private func withDamage(_ read: (StrataStore, NewEvent) async throws -> Void) async throws {
        let store = try await StrataStore.open(
            at: directory.path, options: StrataOptions(preallocatedBytes: 0, idleMarkDelay: nil))
        let event = sampleEvent(String(repeating: "v", count: 1_000))
        _ = try await store.events.append([event], to: stream, expecting: .noStream)
        let segment = try #require(try files.segments().first)
        let middle = try files.read(segment).count - 500
        try files.flipBit(at: middle, of: segment)
        try await read(store, event)
        try files.flipBit(at: middle, of: segment)
        #expect(try await store.allEvents().map(\.id) == [event.id])
        try await store.close()
    }

    private func expectDamage(_ read: () async throws -> Void) async {
        let error = await #expect(throws: EventStoreError.self) { try await read() }
        #expect(error?.code == .damaged)
    }

    @Test func ofAStream() async throws {
        try await withDamage { store, _ in
            await expectDamage { _ = try await store.events.readStream(stream).collect() }
        }
    }

    @Test func ofAnEventByItsID() async throws {
        try await withDamage { store, event in
            await expectDamage { _ = try await store.events.event(withID: event.id) }
        }
    }

    @Test func ofTheFeed() async throws {
        try await withDamage { store, _ in await expectDamage { _ = try await store.allEvents() } }
    }

    @Test func ofTheFeedBackward() async throws {
        try await withDamage { store, _ in
            await expectDamage {
                _ = try await store.events.read(FeedQuery(direction: .backward)).collect()
            }
        }
    }

    @Test func ofACategory() async throws {
        try await withDamage { store, _ in
            await expectDamage {
                _ = try await store.events.read(CategoryQuery(stream.aggregateType)).collect()
            }
        }
    }

    @Test func ofARetry() async throws {
        try await withDamage { store, event in
            await expectDamage { _ = try await store.events.append([event], to: stream, expecting: .noStream) }
        }
    }

    @Test func ofASnapshot() async throws {
        try await StrataStore.with(directory) { store in
            _ = try await store.events.append([sampleEvent()], to: stream, expecting: .noStream)
            let state = Bytes((0..<1_000).map { UInt8(truncatingIfNeeded: $0 &* $0 &* 31 >> 3) })
            try await store.snapshots.save(
                Snapshot(stream: stream, version: 1, schemaVersion: 1, createdAt: .distantPast, state: state))
            let segment = "snapshots/\(try #require(try files.names("snapshots").first))"
            let bytes = try files.read(segment)
            // Each byte but those of the segment's own header, which is read when the store is opened.
            for offset in stride(from: 64, to: bytes.count, by: 37) {
                try files.flipBit(at: offset, of: segment)
                #expect(try await store.snapshots.latest(for: stream) == nil, "\(offset)")
                try files.flipBit(at: offset, of: segment)
            }
            #expect(try await store.snapshots.latest(for: stream)?.state == state)
        }
    }
}
