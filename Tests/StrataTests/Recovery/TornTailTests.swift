import EventSourcing
import Foundation
import Logging
import Strata
import Synchronization
import Testing

/// What a crash leaves behind the last commit is put aside, and nothing else is lost.
@Suite struct TornTailTests {
    @Test func bytesBehindTheLastCommitMoveToQuarantine() async throws {
        let directory = TemporaryDirectory()
        let files = StoreFiles(directory)
        let stream = sampleStream()
        try await StrataStore.with(directory) { store in
            _ = try await store.events.append([sampleEvent()], to: stream, expecting: .noStream)
        }
        let segment = try #require(try files.segments().last)
        let sound = try files.read(segment)
        let tail: [UInt8] = Array("half a frame that no one was told of".utf8)
        try files.append(tail, to: segment)

        let warnings = WarningCollector()
        try await StrataStore.with(directory, StrataOptions(logger: warnings.logger)) { store in
            #expect(try await store.allEvents().count == 1)
            _ = try await store.events.append([sampleEvent()], to: stream, expecting: .exactly(1))
        }

        let quarantined = try files.names("quarantine")
        #expect(quarantined.count == 1)
        #expect(try files.read("quarantine/\(try #require(quarantined.first))") == tail)
        #expect(try files.read(segment).starts(with: sound))
        #expect(warnings.count == 1)
        #expect(try await StrataStore.with(directory) { try await $0.allEvents().map(\.version) } == [1, 2])
    }

    @Test(arguments: [1, 7, 64, 87, 88, 100])
    func aCommitThatIsCutOffWasNeverAcknowledged(cut: Int) async throws {
        let directory = TemporaryDirectory()
        let files = StoreFiles(directory)
        let stream = sampleStream()
        let open = try await StrataStore.open(
            at: directory.path, options: StrataOptions(preallocatedBytes: 0, idleMarkDelay: nil))
        _ = try await open.events.append([sampleEvent()], to: stream, expecting: .noStream)
        let segment = try #require(try files.segments().last)
        let before = try files.read(segment)
        _ = try await open.events.append([sampleEvent("lost")], to: stream, expecting: .exactly(1))
        let after = try files.read(segment)
        try await open.close()
        // The power went while the second commit was written: neither the rest of it nor what came later is there.
        try files.write(Array(after.prefix(before.count + cut)), to: segment)

        let versions = try await StrataStore.with(directory) { try await $0.allEvents().map(\.version) }

        #expect(versions == [1])
        let quarantined = try files.read("quarantine/\(try #require(files.names("quarantine").first))")
        // Zeros at the end cannot be told from room that the file had.
        let tail = after[before.count..<before.count + cut]
        #expect(quarantined == Array(tail.dropLast(tail.reversed().prefix { $0 == 0 }.count)))
    }

    @Test func zerosBehindTheLastCommitAreNoTail() async throws {
        let directory = TemporaryDirectory()
        let files = StoreFiles(directory)
        try await StrataStore.with(directory) { store in
            _ = try await store.events.append([sampleEvent()], to: sampleStream(), expecting: .noStream)
        }
        let segment = try #require(try files.segments().last)
        try files.append(Array(repeating: 0, count: 4_096), to: segment)

        #expect(try await StrataStore.with(directory) { try await $0.allEvents().count } == 1)
        #expect(try files.names("quarantine").isEmpty)
    }

    @Test func openingASoundStoreAgainChangesNothing() async throws {
        let directory = TemporaryDirectory()
        let files = StoreFiles(directory)
        try await StrataStore.with(directory) { store in
            _ = try await store.events.append([sampleEvent()], to: sampleStream(), expecting: .noStream)
        }
        let before = try files.contents()
        try await StrataStore.with(directory) { _ in }
        #expect(try files.contents() == before)
    }

    @Test func aFrameLeftOverFromBeforeATornTailDoesNotComeBack() async throws {
        let directory = TemporaryDirectory()
        let files = StoreFiles(directory)
        let stream = sampleStream()
        let options = StrataOptions(preallocatedBytes: 0, idleMarkDelay: nil)
        let openFrameBytes = 96
        let first = try await StrataStore.open(at: directory.path, options: options)
        _ = try await first.events.append([sampleEvent("kept")], to: stream, expecting: .noStream)
        let segment = try #require(try files.segments().last)
        let kept = try files.read(segment).count
        let long = String(repeating: "t", count: openFrameBytes + 3)
        _ = try await first.events.append([sampleEvent(long)], to: stream, expecting: .exactly(1))
        let torn = try files.read(segment).count
        _ = try await first.events.append([sampleEvent("stale")], to: stream, expecting: .exactly(2))
        let stale = Array(try files.read(segment)[torn...])
        try await first.close()
        try files.truncate(segment, to: kept)
        // The next writer's frames end exactly where the stale frame begins, which verifies in that place.
        let second = try await StrataStore.open(at: directory.path, options: options)
        _ = try await second.events.append([sampleEvent("new")], to: stream, expecting: .exactly(1))
        let rewritten = try files.read(segment)
        try await second.close()
        try #require(rewritten.count == torn)
        try files.write(rewritten + stale, to: segment)

        let events = try await StrataStore.with(directory, options) { try await $0.allEvents() }

        #expect(events.map { String(utf8: $0.payload) } == ["\"kept\"", "\"new\""])
        #expect(try files.names("quarantine").count == 1)
    }
}

/// Counts warnings.
final class WarningCollector: Sendable {
    private let messages = Mutex<[String]>([])

    var count: Int { messages.withLock { $0.count } }

    var logger: Logger {
        Logger(label: "test") { _ in Handler(collector: self) }
    }

    private struct Handler: LogHandler {
        let collector: WarningCollector
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            guard event.level >= .warning else { return }
            collector.messages.withLock { $0.append("\(event.message)") }
        }
    }
}
