import EventSourcing
import Foundation
import Logging
import StrataTesting
import Synchronization
import Testing

@testable import FuzzHarness
@testable import Strata

/// A store that someone has made to hurt costs no more time and memory than its bytes justify, and tells no secrets.
@Suite struct HostileStoreTests {
    private let binding = ChecksumBinding(storeID: StoreImage.storeID, kind: .events, number: 1)

    /// A segment of headers that verify, each of which claims everything behind it as its body.
    private func segmentOfGreedyHeaders(_ count: Int) -> [UInt8] {
        let header = SegmentHeader(
            kind: .events, storeID: StoreImage.storeID, number: 1, epoch: 1, createdAt: .distantPast)
        var bytes = header.encoded()
        let end = bytes.count + count * Format.frameHeaderBytes
        for _ in 0..<count {
            var frame = FrameHeader(
                kind: .commit, epoch: 1, durableMark: bytes.count, storedAt: .distantPast)
            frame.bodyLength = end - bytes.count - Format.frameHeaderBytes
            frame.eventCount = 1
            frame.firstPosition = 1
            frame.firstVersion = 1
            if frame.bodyLength < Format.eventHeaderBytes { frame.bodyLength = Format.eventHeaderBytes }
            frame.encode(into: &bytes, at: bytes.count, binding: binding)
        }
        return bytes
    }

    @Test func headersThatEachClaimTheWholeRestAreNotReadOverAndOver() throws {
        var image = StoreImage([])
        image.addSegment(segmentOfGreedyHeaders(4_000), kind: .events)
        let manifest = Manifest(
            storeID: StoreImage.storeID, generation: 1, createdAt: .distantPast, sealed: [], active: 1)
        image.add(manifest.encoded(), as: StoreImage.manifestName)
        // A body that does not verify is reported; without a bound there were thousands, each as long as the file.
        let damage = try StrataStore.verify(on: SimulatedDevice(image.storage)).damage
        #expect((1...10).contains(damage.count), "\(damage.count)")
        #expect(damage.map { $0.offset + $0.length }.max() == 64 + 4_000 * Format.frameHeaderBytes)
    }

    /// As ``segmentOfGreedyHeaders(_:)``, with bodies that verify and hold no commit.
    private func segmentOfNestedFrames(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Format.eventHeaderBytes)
        for index in (0..<count).reversed() {
            let offset = Format.segmentHeaderBytes + index * Format.frameHeaderBytes
            var frame = FrameHeader(kind: .commit, epoch: 1, durableMark: offset, storedAt: .distantPast)
            frame.bodyLength = bytes.count
            frame.bodyChecksum = Checksum.crc32c(bytes)
            frame.eventCount = 1
            frame.firstPosition = 1
            frame.firstVersion = 1
            var header: [UInt8] = []
            frame.encode(into: &header, at: offset, binding: binding)
            bytes = header + bytes
        }
        let header = SegmentHeader(
            kind: .events, storeID: StoreImage.storeID, number: 1, epoch: 1, createdAt: .distantPast)
        return header.encoded() + bytes
    }

    @Test func framesWithinFramesAreNotReadOverAndOver() throws {
        var image = StoreImage([])
        let segment = segmentOfNestedFrames(2_000)
        image.addSegment(segment, kind: .events)
        let manifest = Manifest(
            storeID: StoreImage.storeID, generation: 1, createdAt: .distantPast, sealed: [], active: 1)
        image.add(manifest.encoded(), as: StoreImage.manifestName)
        let damage = try StrataStore.verify(on: SimulatedDevice(image.storage)).damage
        #expect((1...10).contains(damage.count), "\(damage.count)")
        #expect(damage.map { $0.offset + $0.length }.max() == segment.count)
    }

    @Test func manySegmentsThatTheManifestDoesNotNameAreOnlyLookedAt() async throws {
        let directory = TemporaryDirectory()
        let files = StoreFiles(directory)
        try await StrataStore.with(directory) { _ in }
        for number in 2...5_000 { try files.write([], to: StoreLayout.eventSegment(UInt64(number))) }
        #expect(try await StrataStore.verify(at: directory.path).isSound)
        try await StrataStore.with(directory, StrataOptions(access: .readOnly)) { _ in }
        try await StrataStore.with(directory) { _ in }
        #expect(try files.segments().count == 1)
    }

    @Test func aSealedSegmentMustBeTheOneThatTheManifestLists() async throws {
        let directory = TemporaryDirectory()
        let files = StoreFiles(directory)
        let options = StrataOptions(segmentBytes: 64 << 10)
        try await StrataStore.with(directory, options) { store in
            for _ in 0..<2 {
                let event = sampleEvent(String(repeating: "m", count: 40_000))
                _ = try await store.events.append([event], to: sampleStream(), expecting: .noStream)
            }
            let manifest = try files.read("MANIFEST")
            let digest = Format.manifestHeaderBytes + 40
            try files.write(manifest.with(manifest[digest] ^ 1, at: digest).resealed, to: "MANIFEST")
            #expect(try await store.scrub().report().damage.map(\.file) == ["events/00000000000000000001.seg"])
        }
        #expect(
            try await StrataStore.verify(at: directory.path).damage.map(\.file) == ["events/00000000000000000001.seg"])
    }

    @Test(arguments: [10, 16, 32])
    func aSegmentOfAnotherKindStoreOrPlaceIsNotTaken(offset: Int) async throws {
        let directory = TemporaryDirectory()
        let files = StoreFiles(directory)
        try await StrataStore.with(directory) { _ in }
        let segment = try #require(try files.segments().first)
        let header = try files.read(segment)
        try files.write(header.with(header[offset] ^ 2, at: offset).resealed, to: segment)
        #expect(try await StrataStore.verify(at: directory.path).damage.map(\.offset) == [0])
    }

    /// Keeps everything that is logged.
    private final class Journal: Sendable {
        let lines = Mutex<[String]>([])

        var logger: Logger {
            var logger = Logger(label: "test") { _ in Handler(journal: self) }
            logger.logLevel = .trace
            return logger
        }

        private struct Handler: LogHandler {
            let journal: Journal
            var metadata: Logger.Metadata = [:]
            var logLevel = Logger.Level.trace

            subscript(metadataKey key: String) -> Logger.Metadata.Value? {
                get { metadata[key] }
                set { metadata[key] = newValue }
            }

            func log(event: LogEvent) {
                journal.lines.withLock { $0.append("\(event.message) \(event.metadata ?? [:])") }
            }
        }
    }

    @Test func noPayloadShowsInLogsOrErrors() async throws {
        let secret = "TOP-SECRET-7f3a"
        let journal = Journal()
        let options = StrataOptions(segmentBytes: 64 << 10, logger: journal.logger)
        let directory = TemporaryDirectory()
        let files = StoreFiles(directory)
        let stream = sampleStream()
        let event = sampleEvent(secret + String(repeating: "p", count: 300))
        var said: [String] = []
        func note(_ body: () async throws -> Void) async {
            do { try await body() } catch { said.append("\(error) \(String(reflecting: error))") }
        }
        try await StrataStore.with(directory, options) { store in
            _ = try await store.events.append([event], to: stream, expecting: .noStream)
            for _ in 0..<300 {
                _ = try await store.events.append([sampleEvent(secret + "\(UUID())")], to: stream, expecting: .any)
            }
            try await store.snapshots.save(
                Snapshot(
                    stream: stream, version: 1, schemaVersion: 1, createdAt: .distantPast, contentType: .json,
                    state: Bytes(secret)))
            // Conflicts, and ids that are taken.
            await note { _ = try await store.events.append([event], to: sampleStream(), expecting: .any) }
            await note { _ = try await store.events.append([sampleEvent(secret)], to: stream, expecting: .noStream) }
            let long = sampleEvent(secret + String(repeating: "x", count: 17 << 20))
            await note { _ = try await store.events.append([long], to: stream, expecting: .any) }
        }
        #expect(said.count == 3)
        let sound = try files.contents()
        // Whatever byte is damaged, and wherever a segment is cut.
        for name in try files.segments() + files.names("snapshots").map({ "snapshots/\($0)" }) {
            let bytes = try #require(sound[name])
            for offset in stride(from: 3, to: bytes.count, by: bytes.count / 6) {
                for changed in [bytes.with(bytes[offset] ^ 0x20, at: offset), Array(bytes.prefix(offset))] {
                    try files.write(changed, to: name)
                    await note { try await StrataStore.with(directory, options) { _ in } }
                    await note {
                        var reading = options
                        reading.access = .readOnly
                        try await StrataStore.with(directory, reading) { store in
                            said += store.damage.map { "\($0)" }
                            await note { _ = try await store.events.readStream(stream).collect() }
                            await note { _ = try await store.allEvents() }
                            await note { _ = try await store.snapshots.latest(for: stream) }
                        }
                    }
                    said.append("\(try await StrataStore.verify(at: directory.path))")
                    // Opening may have healed a torn tail.
                    for (name, bytes) in sound where name.contains(".") || name == "MANIFEST" {
                        try files.write(bytes, to: name)
                    }
                    for name in try files.segments() where sound[name] == nil { try files.remove(name) }
                }
            }
        }
        #expect(said.count > 30)
        #expect(said.filter { $0.contains(secret) || $0.contains("SECRET") } == [])
        #expect(journal.lines.withLock { $0.filter { $0.contains("SECRET") } } == [])
    }

    @Test func aManifestThatIsLongerThanItCanBeIsNotRead() throws {
        let device = SimulatedDevice()
        device.keepCalls()
        let file = try StoreFile("MANIFEST", .create, on: device)
        let last: [UInt8] = [0]
        try file.write(last.span.bytes, at: 64 << 20)
        let error = #expect(throws: StrataError.self) { try Manifest.read(from: device) }
        #expect(error?.code == .damaged)
        #expect(!device.log.contains { $0.operation == .read })
        try file.truncate(to: 64 << 20)
        _ = try? Manifest.read(from: device)
        #expect(device.log.contains { $0.operation == .read })
    }
}
