import ArgumentParser
import EventInterchange
import EventSourcing
import Strata

struct SnapshotShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show an aggregate's snapshot with its state.",
        discussion: "Ends with 65 where the aggregate has none, or none that verifies.")

    @Argument(help: "The store's directory.")
    var store: String

    @Argument(help: ArgumentHelp("The aggregate's stream.", valueName: "type/id"))
    var stream: String

    @OptionGroup var outputOptions: OutputOptions

    func run() async throws {
        guard let streamID = StreamID(stream) else {
            throw ToolError(.usage, "a stream is TYPE/ID, with one slash and a UUID, not '\(stream)'")
        }
        let snapshot = try await withStore(at: store) { store in
            try await store.snapshots.latest(for: streamID)
        }
        guard let snapshot else { throw ToolError(.badData, "\(store): there is no snapshot of \(streamID)") }
        let output = StandardOutput()
        switch outputOptions.resolved {
        case .text: try Self.write(snapshot, to: output)
        case .json:
            var json = JSONWriter()
            json.snapshot(snapshot)
            json.newLine()
            try output.write(json.bytes)
        }
        try output.flush()
    }

    private static func write(_ snapshot: Snapshot, to output: StandardOutput) throws {
        var facts = FactList()
        facts.add("aggregate type", snapshot.stream.aggregateType)
        facts.add("aggregate id", snapshot.stream.id.lowercased)
        facts.add("version", "\(snapshot.version)")
        facts.add("schema version", "\(snapshot.schemaVersion)")
        facts.add("created at", "\(snapshot.createdAt)")
        facts.add("state", "\(snapshot.contentType), \(snapshot.state.count.byteCount)")
        try facts.write(to: output)
        if snapshot.contentType == .json {
            try output.write("\n" + String(decoding: snapshot.state, as: UTF8.self).terminalSafe + "\n")
        }
    }
}

extension JSONWriter {
    fileprivate mutating func snapshot(_ snapshot: Snapshot) {
        beginObject()
        member("aggregate_type", snapshot.stream.aggregateType)
        member("aggregate_id", snapshot.stream.id.lowercased)
        member("version", snapshot.version)
        member("schema_version", snapshot.schemaVersion)
        member("created_at", snapshot.createdAt.description)
        content("state", snapshot.state, of: snapshot.contentType)
        endObject()
    }
}
