import Foundation

/// What figures were measured on.
struct Machine: Sendable {
    let processor: String
    let cores: Int
    let memoryBytes: Int
    let kernel: String
    let date: String
    /// Processes that wanted to run, over the last minute, at the beginning.
    let load: Double

    init() {
        let lines = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        processor =
            lines.split(separator: "\n").first { $0.hasPrefix("model name") }?
            .split(separator: ":", maxSplits: 1).last.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown"
        cores = ProcessInfo.processInfo.activeProcessorCount
        memoryBytes = Int(ProcessInfo.processInfo.physicalMemory)
        let release = (try? String(contentsOfFile: "/proc/sys/kernel/osrelease", encoding: .utf8)) ?? "unknown"
        kernel = release.trimmingCharacters(in: .whitespacesAndNewlines)
        date = ISO8601DateFormatter().string(from: Date())
        let average = (try? String(contentsOfFile: "/proc/loadavg", encoding: .utf8)) ?? ""
        load = average.split(separator: " ").first.flatMap { Double($0) } ?? 0
    }

    var facts: [String: String] {
        [
            "processor": processor, "cores": "\(cores)", "memory": "\(memoryBytes >> 30) GiB",
            "kernel": "Linux \(kernel)", "date": date, "load": "\(load)",
        ]
    }

    var text: String {
        "\(processor), \(cores) cores, \(memoryBytes >> 30) GiB of memory, Linux \(kernel), \(date), load \(load)"
    }
}
