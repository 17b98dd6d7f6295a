import ArgumentParser
import EventInterchange
import EventSourcing
import Strata

struct RecoverCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recover",
        abstract: "Heal a store, or save what is sound into a new one.",
        discussion: """
            Without --salvage: puts a torn tail aside, completes what a crash has cut off, makes a lost manifest again, \
            and puts damaged snapshots aside, all of it without giving up an event that was acknowledged. Snapshots that \
            count are copied out of what is put aside; one that does not verify costs a replay or, where its stream was \
            truncated, the aggregate's state. Where events are damaged it changes nothing and ends with 1.

            With --salvage: makes a new store of everything that verifies and says what is gone, by stream and version. \
            The old store is not changed. Ends with 1 where anything is gone. A salvage that is cut off leaves a directory \
            that is no store: remove it and begin again.
            """)

    @Argument(help: "The store's directory.")
    var store: String

    @Flag(name: .customLong("dry-run"), help: "Say what would be done, and change nothing.")
    var isDryRun = false

    @Flag(name: .customLong("salvage"), help: "Make a new store of everything that verifies.")
    var salvages = false

    @Option(name: .customLong("into"), help: "Where --salvage makes the new store.")
    var newStore: String?

    @OptionGroup var outputOptions: OutputOptions

    func validate() throws {
        guard salvages == (newStore != nil) else {
            throw ValidationError("--salvage and --into NEW go together.")
        }
        guard !salvages || !isDryRun else {
            throw ValidationError("--salvage changes nothing in the old store; there is no dry run of it.")
        }
    }

    func run() async throws {
        if let newStore { try await salvage(into: newStore) } else { try await recover() }
    }

    private func recover() async throws {
        let report: RecoveryReport
        do throws(StrataError) {
            report = try await StrataStore.recover(
                at: store, dryRun: isDryRun, options: StrataOptions(logger: StandardErrorLog.logger))
        } catch {
            throw ToolError(error, at: store)
        }
        let output = StandardOutput()
        switch outputOptions.resolved {
        case .text:
            for step in report.steps {
                try output.write("\(report.isPerformed ? "done" : "would"): \("\(step)".terminalSafe)\n")
            }
            for damage in report.unrecoverable { try output.write("damage: \("\(damage)".terminalSafe)\n") }
            if report.steps.isEmpty, report.unrecoverable.isEmpty { try output.write("there is nothing to do\n") }
        case .json:
            var json = JSONWriter()
            json.recovery(report)
            json.newLine()
            try output.write(json.bytes)
        }
        try output.flush()
        guard report.unrecoverable.isEmpty else {
            throw ToolError(
                .found,
                "\(store): events are damaged and nothing was changed; "
                    + "'strata recover \(store) --salvage --into NEW' saves all others")
        }
    }

    private func salvage(into newStore: String) async throws {
        let progress = ProgressLine(isEnabled: StandardError.isTerminal) { $0.byteCount }
        let report: SalvageReport
        do throws(StrataError) {
            defer { progress.finish() }
            report = try await StrataStore.salvage(from: store, into: newStore) { job in
                progress.update(job.bytesDone, of: job.bytesTotal)
            }
        } catch {
            throw ToolError(error, at: store)
        }
        let output = StandardOutput()
        switch outputOptions.resolved {
        case .text: try Self.write(report, to: output)
        case .json:
            var json = JSONWriter()
            json.salvage(report)
            json.newLine()
            try output.write(json.bytes)
        }
        try output.flush()
        guard report.isComplete else {
            throw ToolError(.found, "\(store): not everything could be saved; \(newStore) holds the rest")
        }
    }

    private static func write(_ report: SalvageReport, to output: StandardOutput) throws {
        var facts = FactList()
        facts.add("commits", report.commits.grouped)
        facts.add("events", report.events.grouped)
        facts.add("truncations and tombstones", report.releases.grouped)
        facts.add("streams", report.streams.grouped)
        facts.add("snapshots", report.snapshots.grouped)
        facts.add("result", report.isComplete ? "complete" : "INCOMPLETE")
        try facts.write(to: output)
        for loss in report.losses {
            let versions = "versions \(loss.versions.lowerBound) to \(loss.versions.upperBound)"
            try output.write("lost: \(loss.stream.terminalSafe) \(versions)\n")
        }
        for positions in report.lostPositions {
            try output.write("lost: positions \(positions.lowerBound) to \(positions.upperBound)\n")
        }
        for stream in report.streamsWithoutState {
            try output.write("no state: \(stream.description.terminalSafe) is truncated and has no snapshot\n")
        }
        for damage in report.damage { try output.write("damage: \("\(damage)".terminalSafe)\n") }
        for damage in report.damagedSnapshots {
            try output.write("damaged snapshot: \("\(damage)".terminalSafe)\n")
        }
    }
}

extension SalvageReport.Loss {
    /// `TYPE/ID`, with a question mark for a type that nothing tells.
    fileprivate var stream: String { "\(aggregateType ?? "?")/\(aggregateID.lowercased)" }
}

extension JSONWriter {
    fileprivate mutating func recovery(_ report: RecoveryReport) {
        beginObject()
        member("performed", report.isPerformed)
        key("steps")
        beginArray()
        for step in report.steps { string(step.description) }
        endArray()
        key("unrecoverable")
        beginArray()
        for damage in report.unrecoverable { self.damage(damage) }
        endArray()
        endObject()
    }

    fileprivate mutating func salvage(_ report: SalvageReport) {
        beginObject()
        member("complete", report.isComplete)
        member("commits", report.commits)
        member("events", report.events)
        member("releases", report.releases)
        member("streams", report.streams)
        member("snapshots", report.snapshots)
        key("losses")
        beginArray()
        for loss in report.losses {
            beginObject()
            member("stream", loss.stream)
            versions(loss.versions)
            endObject()
        }
        endArray()
        key("lost_positions")
        beginArray()
        for positions in report.lostPositions {
            beginObject()
            self.positions(positions)
            endObject()
        }
        endArray()
        key("streams_without_state")
        beginArray()
        for stream in report.streamsWithoutState { string(stream.description) }
        endArray()
        key("damage")
        beginArray()
        for damage in report.damage { self.damage(damage) }
        endArray()
        key("damaged_snapshots")
        beginArray()
        for damage in report.damagedSnapshots { self.damage(damage) }
        endArray()
        endObject()
    }
}
