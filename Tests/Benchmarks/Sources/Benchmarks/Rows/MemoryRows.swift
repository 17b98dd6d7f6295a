import Foundation
import Strata

/// Memory, each in a process of its own.
enum MemoryRows {
    private static let shorter = "a tenth of the feed"

    static let all: [Row] = [
        Row(
            id: "memory-open", title: "Resident memory of a process that has opened a store for reading",
            unit: .megabytes, targets: [.value(.atMost(120))]
        ) { context in
            let path = try await context.stores.strata(context.orders, events: context.scale.storedEvents)
            return [
                Side(Side.strata) {
                    let report = try await MemoryProbe.run(["--store", path])
                    return Round(
                        value: report.megabytes("opened"),
                        details: [
                            "before opening": report.megabytes("before"),
                            "anonymous": report.megabytes("anonymous"),
                        ])
                }
            ]
        },
        Row(
            id: "memory-feed", title: "Highest resident memory while the feed is read", unit: .megabytes,
            targets: [.ratio(to: shorter, .atMost(1.1))]
        ) { context in
            let events = context.scale.storedEvents
            let path = try await context.stores.strata(context.orders, events: events)
            return [
                Side(Side.strata) {
                    Round(value: try await MemoryProbe.run(["--store", path, "--feed", "\(events)"]).megabytes("peak"))
                },
                Side(shorter) {
                    Round(
                        value: try await MemoryProbe.run(["--store", path, "--feed", "\(events / 10)"])
                            .megabytes("peak"))
                },
            ]
        },
        Row(
            id: "memory-append", title: "Bytes allocated by an append, divided by the event's size of 1 MiB",
            unit: .ratio, targets: [.value(.atMost(2))]
        ) { context in
            let path = try context.makeDirectory("memory-append")
            return [
                Side(Side.strata) {
                    let counts = try await CostProbe.run("append-large", count: 20, in: path)
                    return Round(value: counts.bytes / Double(1 << 20))
                }
            ]
        },
    ]
}

/// What `memory-probe` printed: bytes by name.
struct MemoryReport: Decodable, Sendable {
    let bytes: [String: Int]

    func megabytes(_ name: String) -> Double {
        Double(bytes[name] ?? 0) / 1e6
    }
}

enum MemoryProbe {
    /// Runs this program's own probe in a process of its own.
    static func run(_ arguments: [String]) async throws -> MemoryReport {
        let output = try await ChildProcess.output(of: "/proc/self/exe", ["memory-probe"] + arguments)
        return try JSONDecoder().decode(MemoryReport.self, from: output)
    }
}

/// What the cost probe printed: each divided by the number of operations.
struct CostCounts: Decodable, Sendable {
    let allocations: Double
    let bytes: Double
}

enum CostProbe {
    static func run(_ operation: String, count: Int, in directory: String) async throws -> CostCounts {
        let here = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let probe = URL(fileURLWithPath: here).deletingLastPathComponent().appendingPathComponent("CostProbe").path
        let output = try await ChildProcess.output(
            of: probe, [operation, "--count", "\(count)", "--directory", directory])
        return try JSONDecoder().decode(CostCounts.self, from: output)
    }
}
