import EventSourcing
import Strata
import StrataTesting
import Testing

/// A walk through a damaged log never passes over what is lost without a word.
@Suite struct DamagedFeedTests {
    /// A closed store of several sealed segments and an active one with two commits.
    private func makeStore() async throws -> SimulatedStorage {
        let device = SimulatedDevice()
        let options = StrataOptions(segmentBytes: 2_048, idleMarkDelay: nil)
        let store = try await StrataStore.open(on: device, options: options)
        for _ in 1...30 {
            _ = try await store.events.append([sampleEvent()], to: sampleStream(), expecting: .noStream)
        }
        try await store.close()
        return device.storage
    }

    private func segments(of storage: SimulatedStorage) -> [String] {
        storage.contents.keys.filter { $0.hasPrefix("events/") && $0.hasSuffix(".seg") }.sorted()
    }

    private func expectDamagedFeeds(_ storage: SimulatedStorage, _ what: Comment) async throws {
        let device = SimulatedDevice(storage)
        #expect(try !StrataStore.verify(on: device).damage.isEmpty, what)
        let store = try await StrataStore.open(on: device, options: StrataOptions(access: .readOnly))
        for direction in [ReadDirection.forward, .backward] {
            let error = await #expect(throws: EventStoreError.self, what) {
                try await store.events.readAll(direction: direction).collect()
            }
            #expect(error?.code == .damaged, what)
        }
    }

    @Test func aMissingSegmentEndsTheFeed() async throws {
        let storage = try await makeStore()
        let segments = segments(of: storage)
        #expect(segments.count >= 3)
        for segment in segments {
            var damaged = storage
            damaged[file: segment] = nil
            try await expectDamagedFeeds(damaged, "without \(segment)")
        }
    }

    @Test func aFrameThatIsLostEndsTheFeedWhereverItStood() async throws {
        let storage = try await makeStore()
        for segment in segments(of: storage) {
            let bytes = try #require(storage[file: segment])
            let frames = try StrataStore.inspectSegment(segment, on: SimulatedDevice(storage)).frames
            for frame in frames where frame.kind == "commit" {
                var damaged = storage
                damaged[file: segment] = bytes.enumerated().map { offset, byte in
                    (frame.offset..<frame.offset + frame.length).contains(offset) ? byte ^ 1 : byte
                }
                try await expectDamagedFeeds(damaged, "\(segment) at \(frame.offset)")
            }
        }
    }

    @Test func aSealedSegmentThatIsCutBetweenFramesEndsTheFeed() async throws {
        let storage = try await makeStore()
        let segment = try #require(segments(of: storage).first)
        let bytes = try #require(storage[file: segment])
        let frames = try StrataStore.inspectSegment(segment, on: SimulatedDevice(storage)).frames
        for frame in frames {
            var damaged = storage
            damaged[file: segment] = Array(bytes[..<frame.offset])
            try await expectDamagedFeeds(damaged, "cut at \(frame.offset)")
        }
    }

    @Test func aSegmentThatBecomesShorterUnderAReaderEndsTheFeed() async throws {
        let device = SimulatedDevice(try await makeStore())
        let segments = segments(of: device.storage)
        let store = try await StrataStore.open(on: device, options: StrataOptions(access: .readOnly))
        for length in [400, 200, 64, 0] {
            for segment in segments { try device.open(segment, .readWrite).truncate(to: length) }
            for direction in [ReadDirection.forward, .backward] {
                let error = await #expect(throws: EventStoreError.self, "\(length) bytes") {
                    try await store.events.readAll(direction: direction).collect()
                }
                #expect(error?.code == .damaged)
            }
        }
    }
}
