import EventSourcing
import FoundationEssentials
import StrataTesting
import Synchronization
import Testing

@testable import Strata

/// One filter stands for several sealed segments, and hides none of their events.
@Suite struct FilterGroupTests {
    private static let options = StrataOptions(segmentBytes: 2_000, idleMarkDelay: nil)
    private let device = SimulatedDevice(seed: 1)
    private let stream = sampleStream("Order")

    private func open() async throws -> StrataStore {
        try await StrataStore.open(on: device, options: Self.options)
    }

    /// Appends until there are so many sealed segments; returns the ids of what was appended.
    private func fill(_ store: StrataStore, sealed count: Int) async throws -> [UInt128] {
        var ids: [UInt128] = []
        while store.events.reader.index.sealedSegments.count < count {
            let event = sampleEvent()
            _ = try await store.events.append([event], to: stream, expecting: .any)
            ids.append(event.id.bits)
        }
        return ids
    }

    /// A store with so many sealed segments as another process finds it, and the ids of what was appended.
    private func reopen(sealed count: Int) async throws -> (store: StrataStore, ids: [UInt128]) {
        let store = try await open()
        let ids = try await fill(store, sealed: count)
        try await store.close()
        return (try await open(), ids)
    }

    private func group(of segments: ArraySlice<IndexedSegment>, level: Int = 1) throws -> FilterGroup {
        try #require(try FilterGroup(of: Array(segments), level: level))
    }

    private func places(_ store: StrataStore) -> [Range<Int>] {
        store.events.reader.index.state.withLock { $0.groups.placed.map(\.places) }
    }

    /// Each of some events is where its frame is, and events that were never appended are nowhere.
    private func expectAllFound(_ ids: [UInt128], in store: StrataStore) throws {
        let reader = store.events.reader
        for id in ids {
            let found = try reader.index.candidates(forEventIDs: [id], .verifying)
            let events = try found.flatMap { try reader.commit(at: $0) }
            #expect(events.contains { $0.id.bits == id })
        }
        for _ in 0..<1_000 {
            #expect(try reader.index.candidates(forEventIDs: [UUID.random().bits], .verifying).isEmpty)
        }
    }

    @Test func allEventsAreFoundThroughThem() async throws {
        let store = try await open()
        let ids = try await fill(store, sealed: 20)
        #expect(places(store) == [0..<8, 8..<16])
        try expectAllFound(ids, in: store)
        for id in ids.prefix(20) {
            let error = await #expect(throws: EventStoreError.self) {
                _ = try await store.events.append(
                    [sampleEvent("other", id: UUID(bits: id))], to: sampleStream("Order"), expecting: .any)
            }
            #expect(error?.code == .duplicateEventID)
        }
        try await store.close()
    }

    @Test func openingMakesThem() async throws {
        let (store, ids) = try await reopen(sealed: 17)
        #expect(places(store) == [0..<8, 8..<16])
        try expectAllFound(ids, in: store)
        try await store.close()
    }

    @Test func oneSaysOfMostAbsentEventsThatTheyAreNotThere() async throws {
        let store = try await open()
        let ids = try await fill(store, sealed: 8)
        let index = store.events.reader.index
        let group = try #require(try FilterGroup(of: index.sealedSegments))
        let active = ids.filter { id in
            index.state.withLock { state in
                var offsets: [Int] = []
                state.active.index.events.collect(IndexHash.event(id), into: &offsets)
                return !offsets.isEmpty
            }
        }
        for id in ids where !active.contains(id) { #expect(group.view.mayContain(IndexHash.event(id))) }
        let passed = (0..<20_000).count { _ in group.view.mayContain(IndexHash.event(UUID.random().bits)) }
        // 5 are to be expected.
        #expect(passed < 40)
        try await store.close()
    }

    @Test func aCompactionTakesThemAwayWithTheirSegments() async throws {
        let store = try await open()
        let ids = try await fill(store, sealed: 20)
        #expect(places(store).count == 2)
        _ = try await store.compact(CompactionOptions()).report()
        let sealed = store.events.reader.index.sealedSegments
        #expect(places(store).allSatisfy { $0.upperBound <= sealed.count })
        try expectAllFound(ids, in: store)
        let more = try await fill(store, sealed: sealed.count + 9)
        try expectAllFound(ids + more, in: store)
        try await store.close()
    }

    @Test func theyAreFoundAgainWhereSegmentsHaveChanged() async throws {
        let store = try await open()
        _ = try await fill(store, sealed: 18)
        let sealed = store.events.reader.index.sealedSegments
        var groups = FilterGroups()
        groups.add(try group(of: sealed[8..<16]), among: sealed)
        groups.add(try group(of: sealed[0..<8]), among: sealed)
        #expect(groups.placed.map(\.places) == [0..<8, 8..<16])
        groups.place(among: Array(sealed[1...]))
        #expect(groups.placed.map(\.places) == [7..<15])
        groups.place(among: Array(sealed[1..<15]))
        #expect(groups.placed.isEmpty)
        // What is no longer there when it comes is not taken in.
        groups.add(try group(of: sealed[0..<8]), among: Array(sealed[4...]))
        #expect(groups.placed.isEmpty)
        try await store.close()
    }

    /// A sidecar that was made anew may know events that the one before it did not.
    @Test func aSidecarThatIsMadeAnewEndsItsGroup() async throws {
        let store = try await open()
        _ = try await fill(store, sealed: 8)
        #expect(places(store) == [0..<8])
        let index = store.events.reader.index
        let old = index.sealedSegments[3]
        index.replace(old) { IndexedSegment(old.entry, GrowingIndex(), isDamaged: false, types: $0) }
        #expect(places(store).isEmpty)
        try await store.close()
    }

    @Test func segmentsAreGivenOnceUntilTheyChange() async throws {
        let store = try await open()
        _ = try await fill(store, sealed: 18)
        let sealed = store.events.reader.index.sealedSegments
        var groups = FilterGroups()
        func next(among sealed: [IndexedSegment]) -> [SegmentIdentity]? {
            groups.next(among: sealed)?.segments.map(\.identity)
        }
        #expect(next(among: sealed) == sealed[0..<8].map(\.identity))
        #expect(next(among: sealed) == sealed[8..<16].map(\.identity))
        #expect(next(among: sealed) == nil)
        groups.place(among: sealed)
        groups.add(try group(of: sealed[2..<10]), among: sealed)
        #expect(next(among: sealed) == sealed[10..<18].map(\.identity))
        // A damaged one can have no part in it.
        groups = FilterGroups()
        var damaged = sealed
        damaged[1] = damaged[1].damaged
        #expect(next(among: damaged) == sealed[2..<10].map(\.identity))
        try await store.close()
    }

    @Test func eightAreJoined() async throws {
        let store = try await open()
        let ids = try await fill(store, sealed: 66)
        #expect(places(store) == [0..<64])
        try expectAllFound(ids, in: store)
        let more = try await fill(store, sealed: 137)
        #expect(places(store) == [0..<64, 64..<128, 128..<136])
        try expectAllFound(ids + more, in: store)
        try await store.close()
    }

    @Test func manyAreGroupedAtOnce() async throws {
        let (store, ids) = try await reopen(sealed: 74)
        #expect(places(store) == [0..<64, 64..<72])
        try expectAllFound(ids, in: store)
        let sealed = store.events.reader.index.sealedSegments
        var groups = FilterGroups()
        let given = [groups.next(among: sealed), groups.next(among: sealed), groups.next(among: sealed)]
        #expect(given.map { $0?.segments.count } == [64, 8, nil])
        #expect(given.map { $0?.level } == [2, 1, nil])
        try await store.close()
    }

    @Test func onlyNeighboursOfOneLevelAreJoined() async throws {
        let store = try await open()
        _ = try await fill(store, sealed: 73)
        let sealed = store.events.reader.index.sealedSegments
        var groups = FilterGroups()
        func add(_ places: Range<Int>, level: Int = 1) throws {
            groups.add(try group(of: sealed[places], level: level), among: sealed)
        }
        for start in stride(from: 0, to: 72, by: 8) where start != 32 { try add(start..<start + 8) }
        groups = groups.searchedThrough(sealed)
        #expect(groups.next(among: sealed) == nil)
        try add(32..<40, level: 2)
        #expect(groups.next(among: sealed) == nil)
        try add(32..<40)
        let next = groups.next(among: sealed)
        let joined = try #require(next)
        #expect(joined.level == 2)
        #expect(joined.segments.map(\.identity) == sealed[0..<64].map(\.identity))
        #expect(groups.next(among: sealed) == nil)
        try add(0..<64, level: 2)
        #expect(groups.placed.map(\.places) == [0..<64, 64..<72])
        groups.place(among: Array(sealed[1...]))
        #expect(groups.placed.map(\.places) == [63..<71])
        try await store.close()
    }

    @Test func oneOfSeveralPartsKnowsAllEvents() async throws {
        let store = try await open()
        let ids = try await fill(store, sealed: 40)
        let index = store.events.reader.index
        let sealed = index.sealedSegments
        let group = try #require(try FilterGroup(of: sealed, mostInPart: 20))
        #expect(group.partCount >= 8)
        let active = index.state.withLock { $0.active.identity }
        let sealedIDs = try ids.filter { id in
            try index.candidates(forEventIDs: [id], .verifying).allSatisfy { $0.segment != active }
        }
        #expect(sealedIDs.count > 100)
        for id in sealedIDs { #expect(group.view.mayContain(IndexHash.event(id))) }
        let passed = (0..<20_000).count { _ in group.view.mayContain(IndexHash.event(UUID.random().bits)) }
        // 5 are to be expected.
        #expect(passed < 40)
        var asked = 0
        let given = try FilterGroup(of: sealed, mostInPart: 20) { () -> Bool in
            asked += 1
            return asked < 4
        }
        #expect(given == nil && asked == 4)
        try await store.close()
    }
}

extension FilterGroups {
    /// The same groups where all segments that are in none were given already.
    fileprivate func searchedThrough(_ sealed: [IndexedSegment]) -> FilterGroups {
        var groups = self
        while let next = groups.next(among: sealed), next.level == 1 {}
        return groups
    }
}
