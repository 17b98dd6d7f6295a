import EventSourcing
import StrataTesting
import Testing

@testable import Strata

/// A feed that is read ahead of whoever asks for it gives what one gives that is not.
@Suite struct FeedReadAheadTests {
    private static let count = 4 * LogReader.batchEvents + 100
    private static let name = "events/00000000000000000001.seg"

    private let directory = TemporaryDirectory()

    /// Calls `body` with a store in files that has more events than are read ahead.
    private func withStore(_ body: (StrataStore) async throws -> Void) async throws {
        let store = try await StrataStore.open(at: directory.path, options: StrataOptions(durability: .none))
        let stream = sampleStream()
        for start in stride(from: 0, to: Self.count, by: 50) {
            let events = (start..<min(start + 50, Self.count)).map { sampleEvent("\($0)") }
            _ = try await store.events.append(events, to: stream, expecting: .any)
        }
        try await body(store)
        try await store.close()
    }

    @Test(arguments: [1, 511, 512, 513, 1_024, 1_025, 2_100, 10_000], [ReadDirection.forward, .backward])
    func aLimitIsKept(limit: Int, direction: ReadDirection) async throws {
        try await withStore { store in
            let events = try await store.events.readAll(direction: direction, limit: limit).collect()
            let all = direction == .forward ? Array(1...Self.count) : (1...Self.count).reversed()
            #expect(events.map(\.position.rawValue) == Array(all.prefix(limit)))
        }
    }

    @Test func aReadThatIsGivenUpHoldsNothingBack() async throws {
        try await withStore { store in
            for wanted in 1...3 {
                var batches = store.events.readAll().makeAsyncIterator()
                for _ in 1...wanted {
                    let batch = try await batches.next()
                    #expect(batch?.isEmpty == false)
                }
            }
            let events = try await store.events.readAll().collect()
            #expect(events.count == Self.count)
        }
    }

    @Test func whatStandsBeforeDamageIsGivenFirst() async throws {
        try await withStore { store in
            let frames = try StrataStore.inspectSegment(Self.name, on: FileSystemDevice(path: directory.path)).frames
            let commits = frames.filter { $0.kind == "commit" }
            let damaged = try #require(commits.dropLast(2).last)
            let before = try #require(damaged.positions?.lowerBound.rawValue) - 1
            let file = try StoreFile(Self.name, .readWrite, on: FileSystemDevice(path: directory.path))
            let bytes = try file.read(1, at: damaged.offset + damaged.length - 1)
            try file.write([bytes[0] ^ 1].span.bytes, at: damaged.offset + damaged.length - 1)
            var read = 0
            var batches = store.events.readAll().makeAsyncIterator()
            for _ in 1...2 {
                let error = await #expect(throws: EventStoreError.self) {
                    while let batch = try await batches.next() { read += batch.count }
                }
                #expect(error?.code == .damaged)
                #expect(read == before)
            }
        }
    }
}
