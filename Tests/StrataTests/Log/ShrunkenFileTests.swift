import EventSourcing
import StrataTesting
import Testing

@testable import Strata

/// A file that is cut or changed while the store is open ends a read with an error.
@Suite struct ShrunkenFileTests {
    private let device = SimulatedDevice(seed: 1)
    private let stream = sampleStream()
    private static let name = "events/00000000000000000001.seg"

    /// Opens a store of some commits, lets its file be changed, and reads the last commit in every way.
    ///
    /// - Parameter change: told of the file and where the last commit begins.
    private func expectDamage(_ change: (StoreFile, Int) throws -> Void) async throws {
        let store = try await StrataStore.open(
            on: device, options: StrataOptions(preallocatedBytes: 0, idleMarkDelay: nil))
        for _ in 1...3 {
            let event = sampleEvent(String(repeating: "s", count: 1_000))
            _ = try await store.events.append([event], to: stream, expecting: .any)
        }
        let last = try #require(try StrataStore.inspectSegment(Self.name, on: device).frames.last)
        try #require(last.kind == "commit")
        try change(try StoreFile(Self.name, .readWrite, on: device), last.offset)
        for read in [
            { _ = try await store.events.readStream(stream, from: 3).collect() },
            { _ = try await store.events.readStream(stream, direction: .backward).collect() },
            { _ = try await store.allEvents() },
            { _ = try await store.events.readAll(direction: .backward).collect() },
            { _ = try await store.events.readCategory(stream.aggregateType).collect() },
        ] as [() async throws -> Void] {
            let error = await #expect(throws: EventStoreError.self) { try await read() }
            #expect(error?.code == .damaged)
        }
        try await store.close()
    }

    @Test(arguments: [0, 8, 80, 88, 96, 1_000])
    func thatWasCutWithinACommit(rest: Int) async throws {
        try await expectDamage { file, offset in try file.truncate(to: offset + rest) }
    }

    @Test func inWhichACommitClaimsMoreThanThereIs() async throws {
        let storeID = try await {
            try await StrataStore.open(on: device, options: StrataOptions(preallocatedBytes: 0, idleMarkDelay: nil))
                .close()
            return try #require(try Manifest.read(from: device)).storeID
        }()
        let binding = ChecksumBinding(storeID: storeID, kind: .events, number: 1)
        try await expectDamage { file, offset in
            let bytes = try file.read(Format.frameHeaderBytes, at: offset)
            var header = try #require(FrameHeader(decoding: bytes, at: offset, binding: binding))
            header.bodyLength += 8
            var forged: [UInt8] = []
            header.encode(into: &forged, at: offset, binding: binding)
            try file.write(forged.span.bytes, at: offset)
        }
    }
}

/// Segments are mapped where the device can do that, and what the mapping cannot give ends a read with an error.
@Suite struct ShrunkenMappingTests {
    /// What is asked of the file is what was written; a mapping that does not show it is no damage.
    @Test func whatAMappingDoesNotShowIsReadFromTheFile() async throws {
        let device = InMemoryDevice(time: WorkedExample.time, mapsFiles: true)
        let store = try await StrataStore.open(on: device, options: StrataOptions(idleMarkDelay: nil))
        let stream = sampleStream()
        for number in 1...3 {
            _ = try await store.events.append([sampleEvent("\(number)")], to: stream, expecting: .any)
            #expect(try await store.events.readStream(stream).collect().map(\.version) == Array(1...number))
        }
        try await store.close()
    }

    @Test func theActiveSegmentThatIsCutEndsTheReadOfAStream() async throws {
        let directory = TemporaryDirectory()
        let store = try await StrataStore.open(
            at: directory.path, options: StrataOptions(durability: .none, idleMarkDelay: nil))
        let stream = sampleStream()
        for _ in 1...20 {
            let event = sampleEvent(String(repeating: "s", count: 2_000))
            _ = try await store.events.append([event], to: stream, expecting: .any)
        }
        #expect(try await store.events.readStream(stream).collect().count == 20)
        let device = try FileSystemDevice(path: directory.path)
        try StoreFile("events/00000000000000000001.seg", .readWrite, on: device).truncate(to: 5_000)
        let error = await #expect(throws: EventStoreError.self) {
            try await store.events.readStream(stream).collect()
        }
        #expect(error?.code == .damaged)
        try await store.close()
    }

    @Test func aSealedSegmentThatIsCutEndsTheReadOfAStream() async throws {
        let directory = TemporaryDirectory()
        let options = StrataOptions(durability: .none, segmentBytes: 64 << 10)
        let store = try await StrataStore.open(at: directory.path, options: options)
        let stream = sampleStream()
        for number in 1...100 {
            let event = sampleEvent("\(number)" + String(repeating: "s", count: 2_000))
            _ = try await store.events.append([event], to: stream, expecting: .any)
        }
        #expect(try await store.events.readStream(stream).collect().count == 100)
        let device = try FileSystemDevice(path: directory.path)
        let first = try StoreFile("events/00000000000000000001.seg", .readWrite, on: device)
        for length in [40 << 10, 5_000, 64, 0] {
            try first.truncate(to: length)
            for _ in 1...2 {
                let error = await #expect(throws: EventStoreError.self, "\(length) bytes") {
                    try await store.events.readStream(stream).collect()
                }
                #expect(error?.code == .damaged)
            }
        }
        #expect(try await store.events.readStream(stream, from: 60).collect().count == 41)
        try await store.close()
    }
}
