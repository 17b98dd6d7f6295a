import ArgumentParser
import EventSourcing
import Strata

struct DeleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Release all events of a stream, and delete its snapshot.",
        discussion: """
            The events are gone for readers at once, and their bytes once the store is compacted. The stream can begin \
            again behind its last version, unless --tombstone says that it never can.

            JSON is one object: {"stream":"TYPE/ID","version":V,"first_version":F,"truncated":…,"tombstone":…}. A conflict, \
            and a stream with a tombstone, end with 1. With --expected-version any, deleting again changes nothing.
            """)

    @Argument(help: "The store's directory.")
    var store: String

    @Argument(help: ArgumentHelp("The stream.", valueName: "type/id"))
    var stream: String

    @Flag(help: "The stream can never be appended to again, even if it never had an event.")
    var tombstone = false

    @OptionGroup var expectation: ExpectedVersionOption
    @OptionGroup var outputOptions: OutputOptions

    func run() async throws {
        let stream = try StreamID(argument: stream)
        let expected = try expectation.value()
        let result = try await withStore(at: store, options: .existing) { store in
            let result = try await store.events.delete(
                stream, mode: tombstone ? .tombstone : .soft, expecting: expected)
            try await store.snapshots.delete(for: stream)
            return result
        }
        try result.status.write(of: stream, outputOptions)
    }
}
