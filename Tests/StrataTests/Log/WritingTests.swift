import EventSourcing
import Foundation
import Strata
import Testing

/// What the writer promises: order, rollover, durability, and what readers see.
@Suite struct WritingTests {
    @Test func segmentsRollOverAndEverythingStaysReadable() async throws {
        let directory = TemporaryDirectory()
        let stream = sampleStream()
        let options = StrataOptions(segmentBytes: 64 << 10)
        let payload = String(repeating: "z", count: 5_000)
        try await StrataStore.with(directory, options) { store in
            for version in 0..<100 {
                _ = try await store.events.append([sampleEvent(payload)], to: stream, expecting: .exactly(version))
            }
            #expect(try await store.events.readStream(stream).collect().map(\.version) == Array(1...100))
        }
        let names = try StoreFiles(directory).segments()
        #expect(names.count > 5)
        for name in names.dropLast() {
            let segment = try await StrataStore.inspectSegment(at: directory.file(name))
            #expect(segment.isSealed)
            #expect(segment.bytes <= 64 << 10)
        }
        try await StrataStore.with(directory, options) { store in
            #expect(try await store.allEvents().map(\.position.rawValue) == Array(1...100))
            let backward = try await store.events.readAll(direction: .backward).collect()
            #expect(backward.map(\.position.rawValue) == Array((1...100).reversed()))
            #expect(try await store.statistics().segments.count == names.count)
        }
    }

    @Test func aCommitLargerThanASegmentHasOneOfItsOwn() async throws {
        let directory = TemporaryDirectory()
        let stream = sampleStream()
        let options = StrataOptions(segmentBytes: 64 << 10)
        let large = Bytes(Array(repeating: UInt8(7), count: 300_000))
        try await StrataStore.with(directory, options) { store in
            for _ in 1...3 {
                let event = NewEvent(type: "Large", contentType: .binary, payload: large)
                _ = try await store.events.append([event], to: stream, expecting: .any)
            }
        }
        let stored = try await StrataStore.with(directory, options) { try await $0.allEvents().map(\.payload) }
        #expect(stored == [large, large, large])
        #expect(try await StrataStore.verify(at: directory.path).isSound)
    }

    @Test func manyWritersShareTheLogWithoutGapsOrOverlaps() async throws {
        let directory = TemporaryDirectory()
        let streams = (0..<8).map { _ in sampleStream() }
        let options = StrataOptions(segmentBytes: 64 << 10)
        try await StrataStore.with(directory, options) { store in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<32 {
                    group.addTask {
                        for number in 0..<20 {
                            let stream = streams[(writer + number) % streams.count]
                            let events = (0...number % 3).map { _ in sampleEvent("\(writer)-\(number)") }
                            _ = try await store.events.append(events, to: stream, expecting: .any)
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
        try await StrataStore.with(directory, options) { store in
            let events = try await store.allEvents()
            #expect(events.map(\.position.rawValue) == Array(1...events.count))
            for stream in streams {
                let own = events.filter { $0.stream == stream }
                #expect(own.map(\.version) == Array(1...own.count))
                #expect(try await store.events.readStream(stream).collect() == own)
            }
        }
    }

    @Test func aResultStatesItsDurabilityAndWaitingRaisesIt() async throws {
        let event = sampleEvent()
        let stream = sampleStream()
        for (mode, expected) in [
            (StrataOptions.DurabilityMode.commit, Durability.synced), (.interval(.seconds(60)), .written),
            (.none, .written),
        ] {
            let directory = TemporaryDirectory()
            try await StrataStore.with(directory, StrataOptions(durability: mode)) { store in
                let result = try await store.events.append([event], to: stream, expecting: .noStream)
                #expect(result.durability == expected)
                try await store.events.waitUntilDurable(result.lastPosition)
                let again = try await store.events.append([event], to: stream, expecting: .noStream)
                #expect(again.durability == .synced)
                #expect(again.lastPosition == result.lastPosition)
            }
        }
    }

    @Test func waitingForAPositionThatIsNotStoredIsAnError() async throws {
        try await StrataStore.with(TemporaryDirectory()) { store in
            let error = await #expect(throws: EventStoreError.self) { try await store.events.waitUntilDurable(1) }
            #expect(error?.code == .invalidArgument)
        }
    }

    @Test func positionsAndIDsAreRememberedAcrossOpenings() async throws {
        let directory = TemporaryDirectory()
        let stream = sampleStream()
        let events = [sampleEvent(), sampleEvent()]
        let first = try await StrataStore.with(directory) {
            try await $0.events.append(events, to: stream, expecting: .noStream)
        }
        try await StrataStore.with(directory) { store in
            let retried = try await store.events.append(events, to: stream, expecting: .noStream)
            #expect(retried == first)
            let error = await #expect(throws: EventStoreError.self) {
                try await store.events.append([events[1]], to: sampleStream(), expecting: .any)
            }
            #expect(error?.code == .duplicateEventID)
            #expect(error?.eventID == events[1].id)
            let next = try await store.events.append([sampleEvent()], to: stream, expecting: .exactly(2))
            #expect(next.firstPosition == 3)
        }
    }

    @Test func aReaderBesideAWriterSeesWhatIsDurable() async throws {
        let directory = TemporaryDirectory()
        let stream = sampleStream()
        let options = StrataOptions(idleMarkDelay: .milliseconds(1))
        let store = try await StrataStore.open(at: directory.path, options: options)
        _ = try await store.events.append([sampleEvent("one")], to: stream, expecting: .noStream)
        var seen = 0
        while seen == 0 {
            seen = try await StrataStore.with(directory, StrataOptions(access: .readOnly)) { reader in
                let error = await #expect(throws: EventStoreError.self) {
                    try await reader.events.append([sampleEvent()], to: stream, expecting: .any)
                }
                #expect(error?.code == .readOnly)
                return try await reader.allEvents().count
            }
        }
        #expect(seen == 1)
        _ = try await store.events.append([sampleEvent("two")], to: stream, expecting: .exactly(1))
        try await store.close()
        let after = try await StrataStore.with(directory, StrataOptions(access: .readOnly)) {
            try await $0.allEvents().count
        }
        #expect(after == 2)
    }

    @Test func aReadOnlyOpeningChangesNoByte() async throws {
        let directory = TemporaryDirectory()
        let files = StoreFiles(directory)
        try await StrataStore.with(directory) { store in
            _ = try await store.events.append([sampleEvent()], to: sampleStream(), expecting: .any)
        }
        try files.append([1, 2, 3], to: try #require(try files.segments().last))
        let before = try files.contents()
        let count = try await StrataStore.with(directory, StrataOptions(access: .readOnly)) {
            try await $0.allEvents().count
        }
        #expect(count == 1)
        _ = try await StrataStore.verify(at: directory.path)
        #expect(try files.contents() == before)
    }

    @Test func aReadGoesOnWhileTheLogRollsOver() async throws {
        let directory = TemporaryDirectory()
        let options = StrataOptions(durability: .none, segmentBytes: 64 << 10)
        try await StrataStore.with(directory, options) { store in
            func append(_ count: Int) async throws {
                for _ in 0..<count {
                    let event = sampleEvent(String(repeating: "r", count: 2_000))
                    _ = try await store.events.append([event], to: sampleStream(), expecting: .noStream)
                }
            }
            try await append(1_000)
            var iterator = store.events.readAll().makeAsyncIterator()
            let first = try #require(try await iterator.next())
            try await append(200)
            var positions = first.map(\.position.rawValue)
            while let batch = try await iterator.next() { positions += batch.map(\.position.rawValue) }
            #expect(positions == Array(1...1_000))
        }
    }

    @Test func statisticsCountWhatIsThere() async throws {
        try await StrataStore.with(TemporaryDirectory()) { store in
            let stream = sampleStream("Order")
            _ = try await store.events.append([sampleEvent(), sampleEvent()], to: stream, expecting: .any)
            _ = try await store.events.append([sampleEvent()], to: sampleStream("Invoice"), expecting: .any)
            let statistics = try await store.statistics()
            #expect(statistics.events == 3)
            #expect(statistics.commits == 2)
            #expect(statistics.streams == 2)
            #expect(statistics.lastPosition == 3)
            #expect(statistics.aggregateTypes.map(\.name) == ["Invoice", "Order"])
            #expect(statistics.aggregateTypes.map(\.events) == [1, 2])
            #expect(statistics.storeID.uuidString.dropFirst(14).first == "4")
        }
    }
}
