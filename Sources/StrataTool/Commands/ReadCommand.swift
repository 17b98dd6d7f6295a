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
            exist ends with 65; one whose last events may be lost to damage ends with 1, behind what can be read.
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
            try await listing.finishing { listing in
                reading: for try await batch in batches {
                    for event in batch {
                        guard source.includes(event) else { break reading }
                        try listing.add(event)
                    }
                }
            }
            guard case .stream(let query) = source else { return try store.checkCompleteness(at: self.store) }
            let version = try await store.events.version(of: query.stream)
            if query.reachesEnd(ofStreamAt: version, reading: listing.count) {
                try store.checkEnd(of: query.stream, version: version, at: self.store)
            }
            guard version > 0 else {
                throw ToolError(.badData, "\(self.store): there is no stream \(query.stream)")
            }
        }
    }
}

extension StreamQuery {
    /// Whether a read that gave so many events would have given later ones, too.
    fileprivate func reachesEnd(ofStreamAt version: Int, reading count: Int) -> Bool {
        if let to, to <= version { return false }
        return direction == .backward || limit.map { count < $0 } ?? true
    }
}

extension StrataStore {
    /// Says that a stream may have had events behind the last one: damage hides whose they were.
    fileprivate func checkEnd(of stream: StreamID, version: Int, at path: String) throws(ToolError) {
        let hidden = damage.first { damage in
            guard let damaged = damage.stream else { return true }
            return damaged == stream && damage.versions?.upperBound ?? .max > version
        }
        guard let hidden else { return }
        throw ToolError(.found, "\(path): damaged, so later events may be lost of \(stream): \(hidden)")
    }
}
