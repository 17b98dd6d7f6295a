import ArgumentParser
import EventSourcing
import Strata

struct ReadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "read",
        abstract: "Read a stream, all streams of an aggregate type, or everything.",
        discussion: """
            --from and --to are inclusive: versions with --stream, positions otherwise. --type alone goes by the time \
            of storing; with --from, --to, --backwards or --event-type it goes by positions. A stream that does not \
            exist ends with 65.
            """)

    @Argument(help: "The store's directory.")
    var store: String

    @OptionGroup var selection: EventSelection
    @OptionGroup var outputOptions: OutputOptions

    func validate() throws {
        try selection.check()
    }

    func run() async throws {
        let source = try selection.source()
        try await withStore(at: store) { store in
            var listing = EventListing(outputOptions.resolved, to: StandardOutput())
            let batches = source.batches(of: store.events)
            reading: for try await batch in batches {
                for event in batch {
                    guard source.includes(event) else { break reading }
                    try listing.add(event)
                }
            }
            try listing.finish()
            guard case .stream(let query) = source else { return try store.checkCompleteness(at: self.store) }
            let isThere = try await store.events.version(of: query.stream) > 0
            guard isThere else {
                throw ToolError(.badData, "\(self.store): there is no stream \(query.stream)")
            }
        }
    }
}
