import ArgumentParser
import Foundation

/// Measures Strata beside other embedded databases and beside what the machine allows.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Measure Strata beside SQLite, GRDB, RocksDB, LMDB and the raw limits of the machine.",
        discussion: "All sides of a row are measured in turn, in one run, on the same events.")

    @Flag(help: "Small counts and short rounds: under two minutes.")
    var quick = false

    @Option(parsing: .upToNextOption, help: "Rows to measure, or the beginnings of their names; all by default.")
    var only: [String] = []

    @Flag(help: "Name the rows and end.")
    var list = false

    @Option(help: "Where the stores go; kept if given, otherwise a temporary directory.")
    var directory: String?

    @Option(help: "Recorded events in NDJSON, perhaps with gzip, for the rows that repeat them.")
    var input: String?

    @Option(help: "The Python interpreter that has the reference's library, for the rows of the typed path.")
    var python: String?

    @Option(help: "Rounds; 5 by default, 3 with --quick.")
    var rounds: Int?

    @Option(help: "Events in the store that reads are measured on; 10,000,000 by default, 100,000 with --quick.")
    var events: Int?

    @Flag(help: "Measure growth up to 50 million events, too; takes 25 GB more.")
    var fiftyMillion = false

    @Option(help: "Write the results as JSON to this file.")
    var json: String?

    @Option(help: "A directory: write the tables into its Performance.md, between the marks, and draw Performance.svg.")
    var document: String?

    func run() async throws {
        let rows = Row.catalogue.filter { row in only.isEmpty || only.contains { row.id.hasPrefix($0) } }
        guard !list else { return print(rows.map { "\($0.id)\t\($0.title)" }.joined(separator: "\n")) }
        guard !rows.isEmpty else { throw ValidationError("no row has such a name; --list names them") }
        try await measure(rows)
    }

    @concurrent
    private func measure(_ rows: [Row]) async throws {
        let place =
            directory ?? NSTemporaryDirectory() + "/strata-benchmark-\(ProcessInfo.processInfo.processIdentifier)"
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        defer { if directory == nil { try? FileManager.default.removeItem(atPath: place) } }
        let machine = Machine()
        print(machine.text + "\n")
        let context = try Context(scale: scale, directory: place, recordedPath: input, python: python)
        let run = BenchmarkRun(context: context) { FileHandle.standardError.write(Data(($0 + "\n").utf8)) }
        try await run.measure(rows) { try write($0, machine) }
    }

    private var scale: Scale {
        let scale = quick ? Scale.quick : .full
        return Scale(
            rounds: rounds ?? scale.rounds, seconds: scale.seconds, storedEvents: events ?? scale.storedEvents,
            growth: scale.growth + (fiftyMillion ? [50_000_000] : []), reads: scale.reads,
            typedRepetitions: scale.typedRepetitions)
    }

    private func write(_ results: [RowResult], _ machine: Machine) throws {
        if let json { try JSONReport.data(results, machine: machine).write(to: URL(fileURLWithPath: json)) }
        if let document { try DocumentReport(directory: document, section: .embedded).write(results, machine) }
    }
}
