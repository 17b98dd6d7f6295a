import EventSourcing
import FoundationEssentials
import StrataTesting
import Testing

@testable import Strata

/// A store is the same whatever becomes of its sidecars.
@Suite struct SidecarStoreTests {
    private static let options = StrataOptions(segmentBytes: 2_000, idleMarkDelay: nil)

    /// A closed store of several sealed segments, with events of two types and a truncated stream.
    private func makeStore(events: Int = 60) async throws -> SimulatedStorage {
        let device = SimulatedDevice(seed: 1)
        let store = try await StrataStore.open(on: device, options: Self.options)
        var randomness = SeededRandomness(seed: 2)
        let streams = (0..<5).map { StreamID($0 < 3 ? "Order" : "Invoice", UUID(using: &randomness)) }
        for number in 0..<events {
            let event = sampleEvent("\(number)", id: UUID(using: &randomness))
            _ = try await store.events.append([event], to: streams[number % 5], expecting: .any)
            if number == events / 2 {
                _ = try await store.events.truncate(streams[1], before: 3, expecting: .any)
            }
        }
        try await store.close()
        return device.storage
    }

    private func names(_ storage: SimulatedStorage, _ suffix: String) -> [String] {
        storage.contents.keys.filter { $0.hasPrefix("events/") && $0.hasSuffix(suffix) }.sorted()
    }

    /// Everything that readers can ask for.
    private struct Answers: Equatable {
        var events: [RecordedEvent] = []
        var backward: [RecordedEvent] = []
        var invoices: [RecordedEvent] = []
        var streams: [StreamID: [RecordedEvent]] = [:]
        var statuses: [StreamID: StreamStatus] = [:]
        var found = 0

        init(_ store: StrataStore) async throws {
            events = try await store.events.readAll().collect()
            backward = try await store.events.readAll(direction: .backward).collect()
            invoices = try await store.events.readCategory("Invoice").collect()
            for stream in Set(events.map(\.stream)) {
                streams[stream] = try await store.events.readStream(stream).collect()
                statuses[stream] = try await store.events.status(of: stream)
            }
            for event in events where try await store.events.containsEvent(withID: event.id) { found += 1 }
        }
    }

    private func answers(_ device: SimulatedDevice, _ access: StrataOptions.Access) async throws -> Answers {
        var options = Self.options
        options.access = access
        let store = try await StrataStore.open(on: device, options: options)
        let answers = try await Answers(store)
        try await store.close()
        return answers
    }

    @Test func aSealedSegmentHasASidecarAndTheActiveOneHasNone() async throws {
        let storage = try await makeStore()
        let sealed = names(storage, ".seg").dropLast()
        #expect(sealed.count >= 3)
        #expect(names(storage, ".idx") == sealed.map { String($0.dropLast(4)) + ".idx" })
    }

    @Test func openingReadsNothingOfSealedSegments() async throws {
        let storage = try await makeStore()
        let sealed = Set(names(storage, ".seg").dropLast())
        for access in [StrataOptions.Access.readWrite, .readOnly] {
            let device = SimulatedDevice(storage)
            device.keepCalls()
            var options = Self.options
            options.access = access
            let store = try await StrataStore.open(on: device, options: options)
            #expect(!device.log.contains { $0.operation == .read && sealed.contains($0.name) })
            try await store.close()
        }
    }

    @Test func withoutTheirSidecarsAllSegmentsAreReadAndGetThem() async throws {
        let storage = try await makeStore()
        let expected = try await answers(SimulatedDevice(storage), .readWrite)
        #expect(expected.found == expected.events.count)
        var bare = storage
        for name in names(storage, ".idx") { bare[file: name] = nil }
        let device = SimulatedDevice(bare)
        #expect(try await answers(device, .readWrite) == expected)
        for name in names(storage, ".idx") { #expect(device.storage[file: name] == storage[file: name], "\(name)") }
    }

    @Test func aReadOnlyOpeningWritesNoSidecar() async throws {
        let storage = try await makeStore()
        let expected = try await answers(SimulatedDevice(storage), .readOnly)
        var bare = storage
        for name in names(storage, ".idx") { bare[file: name] = nil }
        let device = SimulatedDevice(bare)
        #expect(try await answers(device, .readOnly) == expected)
        #expect(device.storage.contents == bare.contents)
    }

    /// What may become of a sidecar, the right one beside it or not.
    private static let sabotages: [(String, @Sendable ([UInt8], [UInt8]) -> [UInt8])] = [
        ("empty", { _, _ in [] }),
        ("cut off", { bytes, _ in Array(bytes.prefix(bytes.count / 2)) }),
        ("zeros", { bytes, _ in Array(repeating: 0, count: bytes.count) }),
        ("of another segment", { _, other in other }),
        ("longer", { bytes, _ in bytes + [0] }),
        ("damaged in its header", { bytes, _ in bytes.enumerated().map { $0 == 70 ? $1 ^ 1 : $1 } }),
        ("damaged in its last page", { bytes, _ in bytes.enumerated().map { $0 == bytes.count - 9 ? $1 ^ 1 : $1 } }),
        ("of another version", { bytes, _ in bytes.enumerated().map { $0 == 8 ? 2 : $1 } }),
    ]

    @Test(arguments: sabotages.indices)
    func whateverStandsInItsPlaceIsNotBelieved(_ index: Int) async throws {
        let (what, sabotage) = Self.sabotages[index]
        let storage = try await makeStore()
        let expected = try await answers(SimulatedDevice(storage), .readWrite)
        let sidecars = names(storage, ".idx")
        for (place, name) in sidecars.enumerated() {
            var damaged = storage
            let other = try #require(storage[file: sidecars[(place + 1) % sidecars.count]])
            damaged[file: name] = sabotage(try #require(storage[file: name]), other)
            for access in [StrataOptions.Access.readWrite, .readOnly] {
                #expect(try await answers(SimulatedDevice(damaged), access) == expected, "\(name) is \(what)")
            }
        }
    }

    @Test func aSidecarOfAnotherStoreIsNotBelieved() async throws {
        var storage = try await makeStore()
        let expected = try await answers(SimulatedDevice(storage), .readWrite)
        let device = SimulatedDevice(seed: 99)
        let other = try await StrataStore.open(on: device, options: Self.options)
        for _ in 0..<60 {
            _ = try await other.events.append([sampleEvent()], to: sampleStream(), expecting: .noStream)
        }
        try await other.close()
        for name in names(storage, ".idx") {
            guard let foreign = device.storage[file: name] else { continue }
            storage[file: name] = foreign
        }
        #expect(try await answers(SimulatedDevice(storage), .readWrite) == expected)
    }

    /// How a store is read first, and so finds out.
    private enum FirstRead: CaseIterable {
        case streams, feedFromWithin, feedFromAnInstant, feedBackward
    }

    @Test(arguments: FirstRead.allCases)
    private func aPageThatHasRottenIsMadeAnewWhileTheStoreIsOpen(_ first: FirstRead) async throws {
        let device = SimulatedDevice(seed: 3)
        let options = StrataOptions(segmentBytes: 200_000, idleMarkDelay: nil)
        var store = try await StrataStore.open(on: device, options: options)
        var events: [NewEvent] = []
        let streams = (0..<400).map { _ in sampleStream() }
        for number in 0..<2_000 {
            events.append(sampleEvent("\(number)"))
            _ = try await store.events.append([events[number]], to: streams[number % 400], expecting: .any)
        }
        try await store.close()
        let name = try #require(names(device.storage, ".idx").first)
        let bytes = try #require(device.storage[file: name])
        #expect(bytes.count > 6 * Format.sidecarPageBytes)
        var storage = device.storage
        // The pages of streams and events alone: with another one, the sidecar is never opened.
        let header = try #require(SidecarHeader(decoding: bytes))
        var rotten = bytes
        for section in [SidecarSection.streams, .events] {
            let range = header.range(of: section)
            let page = (range.lowerBound / Format.sidecarPageBytes + 1) * Format.sidecarPageBytes
            try #require(page + Format.sidecarPageBytes <= range.upperBound)
            rotten[page] ^= 4
        }
        storage[file: name] = rotten
        let next = SimulatedDevice(storage)
        store = try await StrataStore.open(on: next, options: options)
        switch first {
        case .streams: break
        case .feedFromWithin:
            #expect(try await store.events.readAll(after: 700).collect().map(\.id) == events[700...].map(\.id))
        case .feedFromAnInstant:
            let instant = try #require(try await store.events.readAll(after: 699, limit: 1).collect().first?.storedAt)
            try await store.close()
            store = try await StrataStore.open(on: SimulatedDevice(storage), options: options)
            let found = try await store.events.readCategory(streams[0].aggregateType, from: instant).collect()
            #expect(found.map(\.id) == events[699...].map(\.id))
        case .feedBackward:
            let found = try await store.events.readAll(direction: .backward).collect()
            #expect(found.map(\.id) == events.reversed().map(\.id))
        }
        for (number, stream) in streams.enumerated() {
            #expect(try await store.events.version(of: stream) == 5)
            let found = try await store.events.readStream(stream).collect().map(\.id)
            #expect(found == (0..<5).map { events[$0 * 400 + number].id })
        }
        for event in events { #expect(try await store.events.event(withID: event.id)?.id == event.id) }
        // A retry is told from a new event by the same index.
        let again = try await store.events.append([events[0]], to: streams[0], expecting: .noStream)
        #expect(again.version == 1)
        try await store.close()
    }

    /// Somebody makes the files of an open store shorter, before or after their pages were looked at.
    @Test(arguments: [0, 4 << 10, 20 << 10], [false, true])
    func aSidecarThatIsCutIsMadeAnewWhileTheStoreIsOpen(_ length: Int, _ areLookedAt: Bool) async throws {
        let directory = TemporaryDirectory()
        let files = StoreFiles(directory)
        let options = StrataOptions(durability: .none, segmentBytes: 200_000, idleMarkDelay: nil)
        var store = try await StrataStore.open(at: directory.path, options: options)
        let events = (0..<3_000).map { sampleEvent("\($0)") }
        let streams = (0..<400).map { _ in sampleStream() }
        for (number, event) in events.enumerated() {
            _ = try await store.events.append([event], to: streams[number % 400], expecting: .any)
        }
        try await store.close()
        store = try await StrataStore.open(at: directory.path, options: options)
        let sidecars = try files.names("events").filter { $0.hasSuffix(".idx") }.map { "events/\($0)" }
        #expect(sidecars.count >= 2)
        let whole = try sidecars.map { try files.read($0).count }
        #expect(whole.allSatisfy { $0 > 20 << 10 })
        let expected = areLookedAt ? try await Answers(store) : nil
        let device = try FileSystemDevice(path: directory.path)
        for name in sidecars { try StoreFile(name, .readWrite, on: device).truncate(to: length) }
        let answers = try await Answers(store)
        #expect(answers.events.map(\.id) == events.map(\.id))
        #expect(answers.found == events.count)
        if let expected { #expect(answers == expected) }
        let again = try await store.events.append([events[0]], to: streams[0], expecting: .noStream)
        #expect(again.version == 1)
        try await store.close()
        #expect(try sidecars.map { try files.read($0).count } == whole)
    }

    @Test func sidecarsThatAreLeftOverGo() async throws {
        var storage = try await makeStore()
        let active = try #require(names(storage, ".seg").last)
        let leftovers = [
            "events/00000000000000000001.idx.new", "events/00000000000000099999.idx",
            String(active.dropLast(4)) + ".idx",
        ]
        for name in leftovers { storage[file: name] = [1, 2, 3] }
        let device = SimulatedDevice(storage)
        let store = try await StrataStore.open(on: device, options: Self.options)
        try await store.close()
        for name in leftovers { #expect(device.storage[file: name] == nil, "\(name)") }
    }

    @Test func aCategoryReadsOnlySegmentsThatHaveItsType() async throws {
        let device = SimulatedDevice(seed: 4)
        let store = try await StrataStore.open(on: device, options: Self.options)
        for number in 0..<90 {
            let type = (30..<60).contains(number) ? "Rare" : "Common"
            _ = try await store.events.append([sampleEvent()], to: sampleStream(type), expecting: .noStream)
        }
        let segments = try await store.statistics().segments
        #expect(segments.count >= 5)
        device.keepCalls()
        let rare = try await store.events.readCategory("Rare").collect()
        #expect(rare.count == 30)
        let range = rare[0].position...rare[29].position
        let wanted = segments.filter { $0.positions?.overlaps(range) ?? false || !$0.isSealed }.map(\.file)
        #expect(Set(device.log.filter { $0.operation == .read }.map(\.name)).isSubset(of: wanted))
        #expect(wanted.count < segments.count - 1)
    }

    @Test func statisticsCountWhatIsReleased() async throws {
        let device = SimulatedDevice(try await makeStore())
        let store = try await StrataStore.open(on: device, options: Self.options)
        let statistics = try await store.statistics()
        #expect(statistics.events == 60)
        #expect(statistics.streams == 5)
        #expect(statistics.aggregateTypes.map(\.streams) == [2, 3])
        #expect(statistics.segments.reduce(0) { $0 + $1.releasedEvents } == 2)
        #expect(statistics.segments.reduce(0) { $0 + $1.releasedBytes } > 2 * Format.frameHeaderBytes)
        #expect(statistics.segments.allSatisfy { $0.isSealed == ($0.sidecarBytes > 0) })
        try await store.close()
    }
}
