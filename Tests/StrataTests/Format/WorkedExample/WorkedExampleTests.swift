import EventSourcing
import Foundation
import Strata
import Testing

/// `Docs/Format.md` shows the bytes that the engine writes. To bring the page up to date:
///
///     STRATA_REWRITE_DOCS=1 swift test --filter WorkedExampleTests
@Suite struct WorkedExampleTests {
    private static let names = [
        "MANIFEST", "events/00000000000000000001.seg", "snapshots/00000000000000000001.seg",
    ]

    private let page = ExamplePage("worked example")

    @Test func thePageShowsTheBytesThatTheEngineWrites() async throws {
        let files = try await WorkedExample.files()
        try page.check(
            Self.names.map { name in
                let bytes = files[name] ?? []
                let lines = name == "MANIFEST" ? AnnotatedDump.manifest(bytes) : AnnotatedDump.segment(bytes)
                return (name, lines, bytes.count)
            })
    }

    @Test func theExampleHasNoFilesButThoseShownAndTheLock() async throws {
        let files = try await WorkedExample.files()
        #expect(files.keys.sorted() == ["LOCK"] + Self.names)
        #expect(files["LOCK"] == Array("0000\n".utf8))
    }

    @Test func everyByteOfTheExampleIsShown() async throws {
        #expect(try await page.content().files == WorkedExample.files().filter { $0.key != "LOCK" })
    }

    @Test func aStoreOfTheBytesInThePageHoldsWhatThePageSays() async throws {
        let device = InMemoryDevice(files: try page.content().files, time: WorkedExample.time)
        let report = try StrataStore.verify(on: device)
        #expect(report.isSound && report.tornTail == nil && report.damagedSnapshots.isEmpty, "\(report)")
        let store = try await StrataStore.open(on: device, options: StrataOptions(access: .readOnly))
        let stored = try await store.allEvents()
        #expect(stored.map(\.position) == [2, 3])
        #expect(stored.map(\.version) == [2, 1])
        #expect(stored.map(\.stream) == [WorkedExample.ada, WorkedExample.ben])
        #expect(stored.map(\.newEvent) == WorkedExample.adasEvents[1...] + WorkedExample.bensEvents)
        let status = try await store.events.status(of: WorkedExample.eve)
        #expect(status == StreamStatus(version: 0, isTombstoned: true))
        #expect(try await store.snapshots.latest(for: WorkedExample.ada) == WorkedExample.adasSnapshot)
        #expect(try await store.snapshots.latest(for: WorkedExample.ben) == nil)
    }
}

extension RecordedEvent {
    fileprivate var newEvent: NewEvent {
        NewEvent(
            id: id, type: type, schemaVersion: schemaVersion, occurredAt: occurredAt, contentType: contentType,
            payload: payload, metadata: metadata)
    }
}
