import ArgumentParser
import EventInterchange
import EventSourcing
import Strata

struct AppendCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "append",
        abstract: "Append events from NDJSON; makes the store where there is none.",
        discussion: """
            A line is one event and one commit:

              {"aggregate_type":"Order", "aggregate_id":"UUID",
               "event_id":"UUID", "event_type":"OrderPlaced",
               "occurred_at":"RFC 3339", "data":any JSON, "metadata":{…}}

            or a commit of several events: {"stream":"TYPE/ID","events":[{…},…]}. Optional: "expected_version" (a \
            number, "any", "no_stream" or "stream_exists"), "schema_version", "metadata" (strings: "correlation_id", \
            "causation_id", "tenant_id", "actor" and others), and "data_base64" with "content_type" in place of "data". \
            "event_id" is never made up, so that a run can be repeated. What export adds is passed over; any other \
            field is an error. Blank lines are skipped.

            For each commit, in the order of the input and once it is as durable as --durability says, a line says
            {"line":N,"stream":"TYPE/ID","version":V,"position":P}; for a line that is no commit, or a commit that the \
            store refuses, {"line":N,"error":{"code":…,"message":…}}. A line that is no commit ends the run with 65: \
            everything before it is stored, nothing behind it. A refused commit (a conflict, an event id that is stored \
            already, or a stream with a tombstone) stores nothing, the run goes on, and ends with 1. An input without events ends with 65. Where \
            nobody reads the acknowledgements any more, the run ends quietly with 141.
            """)

    enum DurabilityChoice: String, ExpressibleByArgument, CaseIterable {
        case commit, interval, none
    }

    @Argument(help: "The store's directory.")
    var store: String

    @Argument(help: "The file to read; - is standard input.")
    var file: String = "-"

    @Flag(help: "Acknowledge events that are stored already, with \"existing\":true, so that a run can be repeated.")
    var skipExisting = false

    @Flag(help: "Go on behind lines that are no commits; the exit code is 65 all the same.")
    var keepGoing = false

    @Option(
        help: """
            When a commit counts as durable: commit, once it is on the device; interval, once the operating system \
            has it, with a sync at least every second; none, once the operating system has it.
            """)
    var durability: DurabilityChoice = .commit

    @Option(
        name: .customLong("segment-size"),
        help: "A segment is sealed before it grows longer than this: 64KiB to 2GiB.")
    var segmentSize = ByteCount(64 << 20)

    @OptionGroup var outputOptions: OutputOptions

    func run() async throws {
        let input = try InputFile(path: file)
        let options = StrataOptions(
            durability: durability.mode, segmentBytes: segmentSize.bytes, logger: StandardErrorLog.logger)
        let summary = try await withStore(at: store, options: options) { store in
            try await append(input, to: store.events)
        }
        try end(summary)
    }

    private func append(_ input: InputFile, to events: any EventStore) async throws -> AppendSummary {
        let run = AppendRun(store: events, skipsExisting: skipExisting, keepsGoing: keepGoing)
        let output = AppendReportWriter(format: outputOptions.resolved)
        let progress = ProgressLine { $0.byteCount }
        defer { progress.finish() }
        let bytesRead = ByteCounter()
        do {
            return try await run.run(
                input: { () async throws(ToolError) in
                    let chunk = try await input.next()
                    bytesRead.add(chunk?.count ?? 0)
                    return chunk
                },
                report: { line, report in
                    try output.write(line: line, report)
                },
                pause: { _ in
                    try output.flush()
                    progress.update(bytesRead.total, of: input.byteCount)
                })
        } catch is ClosedOutput {
            throw ClosedOutput(exitCode: ClosedOutput.unfinishedWork)
        } catch {
            // What was acknowledged before is stored.
            try? output.flush()
            throw error
        }
    }

    private func end(_ summary: AppendSummary) throws {
        guard summary.lines > 0 else { throw ToolError(.badData, "no events in the input") }
        if outputOptions.resolved == .text { StandardError.write("\(summary.text)\n") }
        guard summary.status != .success else { return }
        if let failure = summary.failure {
            throw ToolError(summary.status, "\(store): appending failed (\(failure)): \(summary.firstError ?? "")")
        }
        throw ToolError(summary.status, summary.firstError.map { $0 + summary.more } ?? summary.text)
    }
}

extension AppendCommand.DurabilityChoice {
    var mode: StrataOptions.DurabilityMode {
        switch self {
        case .commit: .commit
        case .interval: .interval(.seconds(1))
        case .none: .none
        }
    }
}
