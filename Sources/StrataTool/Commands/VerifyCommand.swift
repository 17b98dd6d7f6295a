import ArgumentParser
import EventInterchange
import EventSourcing
import Strata

struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Read every byte of a store and check it, changing none.",
        discussion: "Works beside a running writer and on backups. Ends with 1 where anything is damaged.")

    @Argument(help: "The store's directory.")
    var store: String

    @Option(
        name: .customLong("max-bandwidth"),
        help: "Read no faster than this, such as 50MB/s or 8MiB/s, so that others keep the device.")
    var bandwidth: Bandwidth?

    @OptionGroup var outputOptions: OutputOptions

    func run() async throws {
        let progress = ProgressLine(isEnabled: StandardError.isTerminal) { $0.byteCount }
        let report: VerificationReport
        do throws(StrataError) {
            defer { progress.finish() }
            report = try await StrataStore.verify(at: store, bandwidth: bandwidth?.bytesPerSecond) { job in
                progress.update(job.bytesDone, of: job.bytesTotal)
            }
        } catch {
            throw ToolError(error, at: store)
        }
        try write(report)
        guard report.isSound else {
            let count = report.damage.count + report.damagedSnapshots.count
            throw ToolError(.found, "\(store): damaged in \(count.grouped) \(count == 1 ? "place" : "places")")
        }
    }

    private func write(_ report: VerificationReport) throws {
        let output = StandardOutput()
        switch outputOptions.resolved {
        case .text: try Self.write(report, to: output)
        case .json:
            var json = JSONWriter()
            json.report(report)
            json.newLine()
            try output.write(json.bytes)
        }
        try output.flush()
    }

    private static func write(_ report: VerificationReport, to output: StandardOutput) throws {
        var facts = FactList()
        facts.add("bytes read", report.bytes.byteCount)
        facts.add("segments", report.segments.grouped)
        facts.add("commits", report.commits.grouped)
        facts.add("events", report.events.grouped)
        facts.add("streams", report.streams.grouped)
        facts.add("last position", report.lastPosition.map { $0.rawValue.grouped } ?? "none")
        facts.add("snapshots", report.snapshots.grouped)
        if let tail = report.tornTail {
            facts.add(
                "torn tail",
                "\(tail.file) at \(tail.offset), \(tail.length) bytes that no append was acknowledged for as durable; not damage"
            )
        }
        facts.add("result", report.isSound ? "sound" : "DAMAGED")
        try facts.write(to: output)
        for damage in report.damage { try output.write("damage: \("\(damage)".terminalSafe)\n") }
        for damage in report.damagedSnapshots {
            try output.write("damaged snapshot: \("\(damage)".terminalSafe)\n")
        }
    }
}

extension JSONWriter {
    fileprivate mutating func report(_ report: VerificationReport) {
        beginObject()
        member("sound", report.isSound)
        member("bytes", report.bytes)
        member("segments", report.segments)
        member("commits", report.commits)
        member("events", report.events)
        member("streams", report.streams)
        key("last_position")
        if let position = report.lastPosition { number(position.rawValue) } else { null() }
        member("snapshots", report.snapshots)
        key("damage")
        beginArray()
        for damage in report.damage { self.damage(damage) }
        endArray()
        key("damaged_snapshots")
        beginArray()
        for damage in report.damagedSnapshots { self.damage(damage) }
        endArray()
        key("torn_tail")
        if let tail = report.tornTail { tornTail(tail) } else { null() }
        endObject()
    }

    private mutating func tornTail(_ tail: VerificationReport.TornTail) {
        beginObject()
        member("file", tail.file)
        member("offset", tail.offset)
        member("length", tail.length)
        endObject()
    }
}
