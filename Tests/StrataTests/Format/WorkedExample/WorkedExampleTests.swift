import EventSourcing
import Foundation
import Strata
import Testing

/// `Docs/Format.md` shows the bytes that the engine writes. To bring the page up to date:
///
///     STRATA_REWRITE_DOCS=1 swift test --filter WorkedExampleTests
@Suite struct WorkedExampleTests {
    private static let begin = "<!-- worked example: begin -->\n"
    private static let end = "<!-- worked example: end -->"
    private static let names = [
        "MANIFEST", "events/00000000000000000001.seg", "snapshots/00000000000000000001.seg",
    ]

    private let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../../../Docs/Format.md").standardized

    @Test func thePageShowsTheBytesThatTheEngineWrites() async throws {
        let shown = try exampleInPage()
        let written = Self.example(of: try await WorkedExample.files())
        if ProcessInfo.processInfo.environment["STRATA_REWRITE_DOCS"] != nil, shown.text != written {
            let text = shown.before + written + shown.after
            try text.write(to: page, atomically: true, encoding: .utf8)
        } else {
            let pairs = zip(shown.text.split(separator: "\n"), written.split(separator: "\n"))
            let difference = pairs.first { $0 != $1 }.map { "the page shows '\($0)', the engine writes '\($1)'" }
            #expect(shown.text == written, "\(difference ?? "one is longer than the other")")
        }
    }

    @Test func theExampleHasNoFilesButThoseShownAndTheLock() async throws {
        let files = try await WorkedExample.files()
        #expect(files.keys.sorted() == ["LOCK"] + Self.names)
        #expect(files["LOCK"] == Array("4711\n".utf8))
    }

    @Test func everyByteOfTheExampleIsShown() async throws {
        #expect(try await exampleInPage().files == WorkedExample.files().filter { $0.key != "LOCK" })
    }

    @Test func aStoreOfTheBytesInThePageHoldsWhatThePageSays() async throws {
        let device = InMemoryDevice(files: try exampleInPage().files, time: WorkedExample.time)
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

    private static func example(of files: [String: [UInt8]]) -> String {
        names.map { name in
            let bytes = files[name] ?? []
            let lines = name == "MANIFEST" ? AnnotatedDump.manifest(bytes) : AnnotatedDump.segment(bytes)
            let text = lines.drop { $0.isEmpty }.joined(separator: "\n")
            return "\n`\(name)`, \(bytes.count) bytes:\n\n```text\n\(text)\n```\n"
        }.joined() + "\n"
    }

    /// The part of the page between the marks, and the bytes that it shows, by file.
    private func exampleInPage() throws -> (before: String, text: String, after: String, files: [String: [UInt8]]) {
        let text = try String(contentsOf: page, encoding: .utf8)
        let begin = try #require(text.range(of: Self.begin))
        let end = try #require(text.range(of: Self.end))
        let example = String(text[begin.upperBound..<end.lowerBound])
        var files: [String: [UInt8]] = [:]
        var name = ""
        for line in example.split(separator: "\n") {
            if let title = line.wholeMatch(of: /`([^`]+)`.*/)?.1 {
                name = String(title)
            } else if let digits = line.wholeMatch(of: /[0-9a-f]{4}  ([0-9a-f]{2}(?: [0-9a-f]{2})*)(?:  .*)?/)?.1 {
                files[name, default: []] += digits.split(separator: " ").compactMap { UInt8($0, radix: 16) }
            }
        }
        return (String(text[..<begin.upperBound]), example, String(text[end.lowerBound...]), files)
    }
}

extension RecordedEvent {
    fileprivate var newEvent: NewEvent {
        NewEvent(
            id: id, type: type, schemaVersion: schemaVersion, occurredAt: occurredAt, contentType: contentType,
            payload: payload, metadata: metadata)
    }
}
