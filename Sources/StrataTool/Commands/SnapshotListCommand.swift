import ArgumentParser
import EventInterchange
import EventSourcing
import Strata

struct SnapshotListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List all snapshots without their states; JSON is one snapshot a line.")

    @Argument(help: "The store's directory.")
    var store: String

    @OptionGroup var outputOptions: OutputOptions

    func run() async throws {
        let summaries = try await withStore(at: store) { store in try await store.snapshots.list() }
        let output = StandardOutput()
        switch outputOptions.resolved {
        case .text: try Self.write(summaries, to: output)
        case .json:
            var json = JSONWriter()
            for summary in summaries {
                json.removeAll()
                json.summary(summary)
                json.newLine()
                try output.write(json.bytes)
            }
        }
        try output.flush()
    }

    private static func write(_ summaries: [SnapshotSummary], to output: StandardOutput) throws {
        var table = TextTable(
            [
                .left("stream"), .right("version"), .right("schema"), .right("state"), .right("stored"),
                .left("created at"),
            ], to: output)
        for summary in summaries {
            try table.add([
                "\(summary.stream)", "\(summary.version)", "\(summary.schemaVersion)", summary.stateBytes.byteCount,
                summary.storedBytes.byteCount, "\(summary.createdAt)",
            ])
        }
        try table.finish()
    }
}

extension JSONWriter {
    fileprivate mutating func summary(_ summary: SnapshotSummary) {
        beginObject()
        member("aggregate_type", summary.stream.aggregateType)
        member("aggregate_id", summary.stream.id.lowercased)
        member("version", summary.version)
        member("schema_version", summary.schemaVersion)
        member("created_at", summary.createdAt.description)
        member("content_type", summary.contentType.mediaType)
        member("state_bytes", summary.stateBytes)
        member("stored_bytes", summary.storedBytes)
        endObject()
    }
}
