import ArgumentParser
import Foundation

/// Measures the stores on servers beside the clients that they use.
struct ServersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "servers",
        abstract: "Measure the stores on PostgreSQL and JetStream beside libpq, libnats and the reference's store.",
        discussion: "All sides of a row are measured in turn, in one run, on the same server.")

    @Option(help: "A connection string of a PostgreSQL that holds nothing else.")
    var postgresql: String

    @Option(help: "The address of a NATS server that holds nothing else, as nats://HOST:PORT.")
    var nats: String

    @Flag(help: "Few and short rounds.")
    var quick = false

    @Option(parsing: .upToNextOption, help: "Rows to measure, or the beginnings of their names; all by default.")
    var only: [String] = []

    @Option(help: "The Python interpreter that has the reference's library with its PostgreSQL store.")
    var python: String?

    @Option(help: "Rounds; 5 by default, 3 with --quick.")
    var rounds: Int?

    @Option(help: "Write the results as JSON to this file.")
    var json: String?

    @Option(help: "A directory: write the tables into its Performance.md, between the marks.")
    var document: String?

    func run() async throws {
        let rows = (PostgreSQLRows(connection: postgresql).all + JetStreamRows(address: nats).all).filter { row in
            only.isEmpty || only.contains { row.id.hasPrefix($0) }
        }
        guard !rows.isEmpty else { throw ValidationError("no row has such a name") }
        let machine = Machine()
        print(machine.text + "\n")
        let scale = quick ? Scale.quick : .full
        let context = try Context(
            scale: Scale(
                rounds: rounds ?? scale.rounds, seconds: scale.seconds, storedEvents: scale.storedEvents,
                growth: scale.growth, reads: scale.reads, typedRepetitions: scale.typedRepetitions),
            directory: NSTemporaryDirectory(), recordedPath: nil, python: python)
        let run = BenchmarkRun(context: context) { FileHandle.standardError.write(Data(($0 + "\n").utf8)) }
        try await run.measure(rows) { results in
            if let json { try JSONReport.data(results, machine: machine).write(to: URL(fileURLWithPath: json)) }
            if let document { try DocumentReport(directory: document, section: .servers).write(results, machine) }
        }
    }
}
