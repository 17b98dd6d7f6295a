import ArgumentParser
import EventInterchange
import EventSourcing
import Foundation
import Strata

struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure what a store does on your disk.",
        discussion: """
            Makes a store, appends durably one at a time, ten and a hundred at once and in batches, reads streams and \
            the feed, opens the store again, and removes it. What else the machine does shows in the figures. Events \
            have 256 bytes.
            """)

    private static let defaultStore = "strata-bench.strata"

    @Option(
        help: """
            Where to make the store, on the disk in question; it must not exist yet (73). \
            \(defaultStore) in the current directory by default.
            """)
    var store: String?

    @Option(help: "How many seconds each figure of appends takes, 0.01 to 600.")
    var seconds = 2.0

    @OptionGroup var outputOptions: OutputOptions

    func validate() throws {
        guard (0.01...600).contains(seconds) else { throw ValidationError("--seconds takes 0.01 to 600.") }
    }

    func run() async throws {
        let path = store ?? Self.defaultStore
        try Self.makeDirectory(path)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let figures = try await measure(at: path)
        let output = StandardOutput()
        switch outputOptions.resolved {
        case .text: try Self.write(figures, to: output)
        case .json:
            var json = JSONWriter()
            json.figures(figures)
            json.newLine()
            try output.write(json.bytes)
        }
        try output.flush()
    }

    /// Makes the directory that will be removed again, and takes none that is there, not even at the end of a link.
    private static func makeDirectory(_ path: String) throws(ToolError) {
        guard mkdir(path, 0o777) != 0 else { return }
        let reason =
            errno == EEXIST
            ? "exists already; the self-test makes a store of its own" : String(cString: strerror(errno))
        throw ToolError(.cannotCreate, "\(path): \(reason)")
    }

    private func measure(at path: String) async throws -> [SelfTestFigure] {
        do {
            return try await SelfTest(path: path, time: .seconds(seconds)).run()
        } catch let error as StrataError {
            throw ToolError(error, at: path)
        } catch let error as EventStoreError {
            throw ToolError(error, at: path)
        }
    }

    private static func write(_ figures: [SelfTestFigure], to output: StandardOutput) throws {
        var table = TextTable(
            [.left("measured"), .right("figure"), .left("unit"), .right("median latency"), .right("99 of 100")],
            to: output)
        for figure in figures {
            try table.add([
                figure.title, figure.value.figure, figure.unit.rawValue, figure.medianLatency.map(latency) ?? "",
                figure.highLatency.map(latency) ?? "",
            ])
        }
        try table.finish()
    }

    private static func latency(_ microseconds: Double) -> String {
        "\((microseconds / 1e3).figure) ms"
    }
}

extension Double {
    /// Large numbers whole and grouped, small ones with two decimals.
    fileprivate var figure: String {
        guard self < 1_000 else { return Int(rounded()).grouped }
        let hundredths = Int((self * 100).rounded())
        return "\(hundredths / 100)." + String(hundredths % 100 + 100).dropFirst()
    }
}

extension JSONWriter {
    fileprivate mutating func figures(_ figures: [SelfTestFigure]) {
        beginObject()
        for figure in figures {
            key(figure.name)
            beginObject()
            key(figure.unit == .milliseconds ? "milliseconds" : "events_per_second")
            raw(Bytes("\(figure.value)"))
            if let median = figure.medianLatency, let high = figure.highLatency {
                key("median_latency_us")
                raw(Bytes("\(median)"))
                key("p99_latency_us")
                raw(Bytes("\(high)"))
            }
            endObject()
        }
        endObject()
    }
}
