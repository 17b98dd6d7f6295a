import ArgumentParser
import EventSourcing
import Strata

struct TruncateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "truncate",
        abstract: "Release the events of a stream below a version.",
        discussion: """
            The events are gone for readers at once, and their bytes once the store is compacted. What remains keeps its \
            versions and positions. An aggregate is then loaded from its snapshot, which has to be at or above that \
            version. Whoever gives the version behind the last one releases all events: a soft deletion.

            JSON is one object: {"stream":"TYPE/ID","version":V,"first_version":F,"truncated":…,"tombstone":…}. A conflict, \
            and a stream with a tombstone, end with 1.
            """)

    @Argument(help: "The store's directory.")
    var store: String

    @Argument(help: ArgumentHelp("The stream.", valueName: "type/id"))
    var stream: String

    @Option(help: ArgumentHelp("The lowest version that stays.", valueName: "version"))
    var before: Int

    @OptionGroup var expectation: ExpectedVersionOption
    @OptionGroup var outputOptions: OutputOptions

    func run() async throws {
        let stream = try StreamID(argument: stream)
        let expected = try expectation.value()
        let result = try await withStore(at: store, options: .existing) { store in
            try await store.events.truncate(stream, before: before, expecting: expected)
        }
        try result.status.write(of: stream, outputOptions)
    }
}
