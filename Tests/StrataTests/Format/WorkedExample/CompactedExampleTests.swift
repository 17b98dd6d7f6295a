import EventSourcing
import Strata
import Testing

/// `Docs/Format.md` shows the worked example once more, compacted. To bring the page up to date:
///
///     STRATA_REWRITE_DOCS=1 swift test --filter CompactedExampleTests
@Suite struct CompactedExampleTests {
    private static let segment = "events/00000000000000000001-00000000000000000003.seg"
    private let page = ExamplePage("compacted example")

    /// The files of the worked example's store after a compaction, as far as the page shows them.
    private func files() async throws -> [String: [UInt8]] {
        let device = InMemoryDevice(files: try await WorkedExample.files(), time: WorkedExample.time)
        let store = try await StrataStore.open(on: device, options: StrataOptions(idleMarkDelay: nil))
        _ = try await store.compact().report()
        try await store.close()
        return device.files
    }

    @Test func thePageShowsTheBytesThatTheEngineWrites() async throws {
        let files = try await files()
        let manifest = try #require(files["MANIFEST"])
        let segment = try #require(files[Self.segment], "\(files.keys.sorted())")
        try page.check([
            ("MANIFEST", AnnotatedDump.manifest(manifest), manifest.count),
            (Self.segment, AnnotatedDump.compactedSegment(segment), segment.count),
        ])
    }

    @Test func aStoreOfTheBytesInThePageHoldsWhatIsLive() async throws {
        var files = try await files().filter { !$0.key.hasSuffix(".idx") }
        files.merge(try page.content().files) { $1 }
        let device = InMemoryDevice(files: files, time: WorkedExample.time)
        #expect(try StrataStore.verify(on: device).isSound)
        let store = try await StrataStore.open(on: device, options: StrataOptions(access: .readOnly))
        let stored = try await store.allEvents()
        #expect(stored.map(\.position) == [2, 3])
        #expect(stored.map(\.stream) == [WorkedExample.ada, WorkedExample.ben])
        #expect(stored.map(\.payload) == [WorkedExample.adasEvents[1].payload, WorkedExample.bensEvents[0].payload])
    }
}
