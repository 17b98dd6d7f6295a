import ArgumentParser
import EventInterchange
import EventSourcing
import Foundation
import OrderExample
import Strata

struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Run six examples of an order with snapshots, and leave their store behind.",
        discussion: """
            The examples go to standard output; the settings for production and how to look into the store follow on \
            standard error. Running the demo again adds further orders to the default store. A store that is named \
            with --store must not exist yet (73), since what is appended to a store stays there.
            """)

    private static let defaultStore = "strata-demo.strata"

    @Option(help: "Where to make the store; \(defaultStore) in the current directory by default.")
    var store: String?

    @Flag(help: "Run on the in-memory stores instead, and leave nothing behind.")
    var inMemory = false

    @Option(help: "text, or json: one object with the lines of text and what the store holds.")
    var format: OutputFormat = .text

    func validate() throws {
        if inMemory, store != nil { throw ValidationError("--store and --in-memory exclude each other.") }
    }

    func run() async throws {
        guard !inMemory else {
            let stores = ExampleStores(events: InMemoryEventStore(), snapshots: InMemorySnapshotStore())
            return try await run(on: stores) { _ in }
        }
        let path = try storePath()
        try await withStore(at: path, options: StrataOptions(logger: StandardErrorLog.logger)) { store in
            try await run(on: ExampleStores(events: store.events, snapshots: store.snapshots)) { json in
                let statistics = try await store.statistics()
                json.member("store", path)
                json.member("events", statistics.events)
                json.member("snapshots", statistics.snapshots)
            }
        }
        StandardError.write(Self.directions(to: path))
    }

    private func storePath() throws(ToolError) -> String {
        let path = store ?? Self.defaultStore
        guard FileManager.default.fileExists(atPath: path) else { return path }
        guard store == nil else {
            throw ToolError(.cannotCreate, "\(path): exists already; the demo adds to no store but its own")
        }
        StandardError.write("\(path) exists already; this run adds its orders.\n")
        return path
    }

    private func run(
        on stores: ExampleStores, describe: (inout JSONWriter) async throws -> Void
    ) async throws {
        let output = StandardOutput()
        let transcript = Transcript(echoingTo: format == .text ? output : nil)
        let examples = OrderExamples(makeStores: { stores }, print: transcript.add)
        try await examples.runAll()
        try transcript.check()
        if format == .json {
            var json = JSONWriter()
            json.beginObject()
            try await describe(&json)
            json.key("output")
            json.beginArray()
            for line in transcript.lines { json.string(line) }
            json.endArray()
            json.endObject()
            json.newLine()
            try output.write(json.bytes)
            try output.flush()
        }
        try await OrderExamples(makeStores: { stores }, print: { StandardError.write($0 + "\n") }).productionSettings()
    }

    private static func directions(to path: String) -> String {
        let tool = quoted(CommandLine.arguments[0])
        let store = quoted(path)
        return """

            The store stays in \(path). To look into it:
              \(tool) stats \(store)
              \(tool) read \(store) --type Order --limit 10
              \(tool) snapshots list \(store)
              \(tool) verify \(store)

            """
    }

    /// A word as a shell takes it.
    private static func quoted(_ word: String) -> String {
        let isPlain = word.utf8.allSatisfy { byte in
            byte >= 0x80 || UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20
                || UInt8(ascii: "-")...UInt8(ascii: "9") ~= byte || byte == UInt8(ascii: "_")
        }
        return isPlain && !word.isEmpty ? word : "'" + word.replacing("'", with: "'\\''") + "'"
    }
}
