import EventInterchange
import EventSourcing
import Foundation
import Strata
import Testing

/// A store that format version 1 wrote still opens. Its files, and the export that belongs to them, were made before
/// there was a version 2, and are never made anew.
@Suite struct Version1Tests {
    private static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../Fixtures").standardized
    private static let order = StreamID(
        "Order",
        UUID(uuid: (0x0B, 0x6B, 0x3F, 0x0E, 0x5A, 0x5F, 0x4D, 0x3C, 0x9D, 0x3E, 0x3F, 0x4C, 0x1C, 0x8A, 0x0A, 1)))
    private static let cart = StreamID(
        "Cart",
        UUID(uuid: (0x0B, 0x6B, 0x3F, 0x0E, 0x5A, 0x5F, 0x4D, 0x3C, 0x9D, 0x3E, 0x3F, 0x4C, 0x1C, 0x8A, 0x0A, 2)))

    private let directory = TemporaryDirectory()
    private let export: [UInt8]

    init() throws {
        try FileManager.default.copyItem(
            at: Self.fixtures.appendingPathComponent("version1.strata"), to: URL(fileURLWithPath: directory.path))
        export = try Array(Data(contentsOf: Self.fixtures.appendingPathComponent("version1.ndjson")))
    }

    @Test func readersShowEverythingAndChangeNothing() async throws {
        let files = StoreFiles(directory)
        let before = try files.contents()
        try await StrataStore.with(directory, StrataOptions(access: .readOnly)) { store in
            try await checkContents(of: store)
        }
        #expect(try await StrataStore.verify(at: directory.path).isSound)
        #expect(try files.contents() == before)
    }

    @Test func writersShowEverything() async throws {
        try await StrataStore.with(directory) { store in try await checkContents(of: store) }
    }

    @Test func writersGoOnWhereVersion1Ended() async throws {
        let event = sampleEvent()
        try await StrataStore.with(directory) { store in
            let result = try await store.events.append([event], to: Self.order, expecting: .exactly(15))
            #expect(result.version == 16)
            #expect(result.lastPosition == 99)
        }
        #expect(try await StrataStore.verify(at: directory.path).isSound)
        try await StrataStore.with(directory, StrataOptions(access: .readOnly)) { store in
            let events = try await store.allEvents()
            #expect(lines(events.dropLast()) == export)
            #expect(events.last?.id == event.id)
        }
    }

    private func checkContents(of store: StrataStore) async throws {
        let events = try await store.allEvents()
        #expect(events.count == 98)
        #expect(lines(events[...]) == export)
        #expect(try await store.events.readStream(Self.order).collect().map(\.version) == Array(1...15))
        for event in events { #expect(try await store.events.event(withID: event.id) == event) }
        #expect(try await store.snapshots.latest(for: Self.order)?.version == 15)
        #expect(try await store.snapshots.latest(for: Self.cart) == nil)
    }

    private func lines(_ events: ArraySlice<RecordedEvent>) -> [UInt8] {
        var lines: [UInt8] = []
        for event in events { event.appendLine(to: &lines) }
        return lines
    }
}
