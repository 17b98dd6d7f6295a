import EventSourcing
import Foundation
import Testing

@testable import Strata

/// What filters told an append beforehand counts as long as the segments are the same, and no longer.
@Suite struct SiftedIDsTests {
    private let directory = TemporaryDirectory()
    private let stream = sampleStream("Order")

    private func open() async throws -> StrataStore {
        let device = try FileSystemDevice.open(storeAt: directory.path, createIfMissing: true)
        return try await StrataStore.open(on: device, options: StrataOptions(segmentBytes: 2 << 10, idleMarkDelay: nil))
    }

    private func fill(_ store: StrataStore) async throws {
        for _ in 0..<30 { _ = try await store.events.append([sampleEvent()], to: stream, expecting: .any) }
    }

    @Test func anEventThatWasSealedSinceIsFound() async throws {
        let store = try await open()
        try await fill(store)
        let index = store.events.reader.index
        let event = sampleEvent()
        let before = index.sift([event.id.bits])
        #expect(try index.candidates(forEventIDs: [event.id.bits], sifted: before, .verifying).isEmpty)
        _ = try await store.events.append([event], to: stream, expecting: .any)
        // In the segment that is appended to.
        #expect(try index.candidates(forEventIDs: [event.id.bits], sifted: before, .verifying).count == 1)
        try await fill(store)
        #expect(try index.candidates(forEventIDs: [event.id.bits], sifted: before, .verifying).count == 1)
        try await store.close()
    }

    @Test func anEventOfASealedSegmentIsFound() async throws {
        let store = try await open()
        let event = sampleEvent()
        _ = try await store.events.append([event], to: stream, expecting: .any)
        try await fill(store)
        let index = store.events.reader.index
        let sifted = index.sift([event.id.bits])
        let found = try index.candidates(forEventIDs: [event.id.bits], sifted: sifted, .verifying)
        #expect(found == (try index.candidates(forEventIDs: [event.id.bits], .verifying)))
        #expect(found.count == 1)
        // A compaction puts another segment in its place.
        _ = try await store.compact(CompactionOptions()).report()
        let moved = try index.candidates(forEventIDs: [event.id.bits], sifted: sifted, .verifying)
        #expect(moved.count == 1)
        #expect(moved != found)
        try await store.close()
    }
}
