import EventSourcing
import StrataTesting
import Testing

@testable import Strata

/// A stream is read in batches of a bounded size, backward as well.
@Suite struct StreamBatchTests {
    /// Reads a stream backward.
    ///
    /// - Returns: of each batch the versions and the bytes of the payloads, and how many bytes were read from the device.
    private func batches(of sizes: [[Int]]) async throws -> (
        versions: [[Int]], bytes: [Int], bytesRead: Int
    ) {
        let device = SimulatedDevice()
        let options = StrataOptions(idleMarkDelay: nil)
        let stream = sampleStream()
        let store = try await StrataStore.open(on: device, options: options)
        for commit in sizes {
            let events = commit.map { sampleEvent(String(repeating: "x", count: $0)) }
            _ = try await store.events.append(events, to: stream, expecting: .any)
        }
        try await store.close()
        let (log, sidecars) = try ReaderOpening(on: device, options: options).run()
        let reader = LogReader(index: log.index, sidecars: sidecars)
        var cursor = try StreamCursor(reader, StreamQuery(stream, direction: .backward))
        var batches: [[RecordedEvent]] = []
        device.keepCalls()
        while let events = try cursor.next() { batches.append(events) }
        return (
            batches.map { $0.map(\.version) }, batches.map { $0.reduce(0) { $0 + $1.payload.count } },
            device.log.filter { $0.operation == .read }.reduce(0) { $0 + $1.length }
        )
    }

    @Test func batchesOfLargeEventsAreSmall() async throws {
        let size = LogReader.batchBytes / 2
        let (versions, bytes, bytesRead) = try await batches(of: (1...8).map { _ in [size] })
        #expect(versions.flatMap { $0 } == Array((1...8).reversed()))
        #expect(try #require(bytes.max()) <= 2 * LogReader.batchBytes)
        // Not over and over.
        #expect(bytesRead < 3 * 8 * size, "\(bytesRead)")
    }

    /// The events behind a large commit do not have it read once for each of them.
    @Test func aLargeCommitIsReadFewTimes() async throws {
        let large = (1...100).map { _ in LogReader.batchBytes / 100 }
        let (versions, _, bytesRead) = try await batches(of: [large] + (1...40).map { _ in [100] })
        #expect(versions.flatMap { $0 } == Array((1...140).reversed()))
        #expect(bytesRead < 6 * LogReader.batchBytes, "\(bytesRead)")
    }

    /// A forger can have two segments that each verify give a stream the same versions.
    @Test func versionsThatTwoSegmentsHaveAreToldOnce() throws {
        let stream = sampleStream()
        func commit(_ count: Int, _ bytes: Int) -> EncodedCommit {
            EncodedCommit((1...count).map { _ in sampleEvent(String(repeating: "x", count: bytes)) }, of: stream)
        }
        var first = CraftedSegment()
        first.append(commit(10, 1), epoch: 1, position: 1)
        first.appendFooter(epoch: 1, lastPosition: 10, events: 10, commits: 1)
        var second = CraftedSegment(number: 11)
        // No batch has more than it, or less.
        second.append(commit(7, LogReader.batchBytes / 7), epoch: 1, position: 11, version: 5)
        second.append(commit(1, 1), epoch: 1, position: 18, version: 12)
        second.appendFooter(epoch: 1, lastPosition: 18, events: 8, commits: 2)
        let device = try CraftedSegment.device([first, second, CraftedSegment(number: 19)])
        let (log, sidecars) = try ReaderOpening(on: device, options: StrataOptions(idleMarkDelay: nil)).run()
        let reader = LogReader(index: log.index, sidecars: sidecars)
        for direction in [ReadDirection.forward, .backward] {
            var cursor = try StreamCursor(reader, StreamQuery(stream, direction: direction))
            var versions: [Int] = []
            while let events = try cursor.next() { versions += events.map(\.version) }
            #expect(versions == (direction == .forward ? Array(1...12) : Array((1...12).reversed())))
        }
    }
}
