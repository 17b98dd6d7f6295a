import ArgumentParser
import EventSourcing
import Foundation
import Strata

/// Opens a store and says how much memory that takes; started by the rows that ask.
struct MemoryProbeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "memory-probe", shouldDisplay: false)

    @Option(help: "The store's directory.")
    var store: String

    @Option(help: "Read so many events of the feed.")
    var feed: Int?

    func run() async throws {
        var bytes = ["before": try Self.status("VmRSS")]
        let opened = try await StrataStore.open(at: store, options: StrataOptions(access: .readOnly))
        bytes["opened"] = try Self.status("VmRSS")
        bytes["anonymous"] = try Self.status("RssAnon")
        if let feed {
            // Forgets the highest value so far.
            try Data("5".utf8).write(to: URL(fileURLWithPath: "/proc/self/clear_refs"))
            var read = 0
            for try await batch in opened.events.readAll(limit: feed) { read += batch.count }
            guard read == feed else { throw BenchmarkError("there are \(read) events, not \(feed)") }
            bytes["peak"] = try Self.status("VmHWM")
        }
        try await opened.close()
        print(String(decoding: try JSONEncoder().encode(["bytes": bytes]), as: UTF8.self))
    }

    /// A line of the process's status that counts kilobytes.
    private static func status(_ name: String) throws -> Int {
        let text = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = text.split(separator: "\n").first { $0.hasPrefix(name + ":") }
        let number = line?.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) }
        guard let number else { throw BenchmarkError("the system says nothing of \(name)") }
        return number * 1_024
    }
}
