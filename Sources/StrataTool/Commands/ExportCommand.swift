import ArgumentParser
import EventSourcing
import Strata

struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write all events as NDJSON in the order of their positions.",
        discussion: """
            A line has the fields that append reads, and "position", "version" and "stored_at". JSON payloads stand \
            there byte for byte as "data", all others as "data_base64" with their "content_type". append of an export \
            into a new store, exported again, gives the same data in the same order; streams of which events were released \
            begin with version 1 there. Works beside a running writer.
            """)

    @Argument(help: "The store's directory.")
    var store: String

    @Option(help: "json: one event a line (the default, also on a terminal), or text: a table.")
    var format: OutputFormat = .json

    func run() async throws {
        let path = store
        try await withStore(at: path) { store in
            let total = try await store.events.currentPosition()?.rawValue
            let progress = ProgressLine { "\($0.grouped) events" }
            defer { progress.finish() }
            let output = StandardOutput()
            var listing = EventListing(format, to: output)
            try await listing.finishing { listing in
                for try await batch in store.events.readAll() {
                    for event in batch { try listing.add(event) }
                    progress.update(listing.count, of: total)
                }
            }
            // Whoever keeps the output must know that it is not all.
            try store.checkCompleteness(at: path)
        }
    }
}
