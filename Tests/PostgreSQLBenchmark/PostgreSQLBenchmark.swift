#if PostgreSQL

import EventSourcing
import Foundation
import StrataPostgreSQL

/// Compares the store with libpq itself, which runs the same statements from one thread that blocks.
///
///     postgresql-benchmark CONNECTION [ROUNDS]
///
/// Each round appends one event at a time and loads a stream of 200 events again and again, ours and raw in turn, for a
/// second each. Prints the rates and their ratio, and the rate of 64 appends side by side.
@main struct PostgreSQLBenchmark {
    static func main() async throws {
        guard CommandLine.arguments.count > 1 else {
            FileHandle.standardError.write(Data("postgresql-benchmark CONNECTION [ROUNDS]\n".utf8))
            exit(64)
        }
        let rounds = CommandLine.arguments.count > 2 ? Int(CommandLine.arguments[2]) ?? 5 : 5
        let connection = CommandLine.arguments[1]
        // Off the main actor, to which each return would take a hop.
        try await Task.detached { try await run(connection, rounds: rounds) }.value
    }

    @concurrent
    private static func run(_ connection: String, rounds: Int) async throws {
        let pool = PostgreSQLConnectionPool(PostgreSQLOptions(connection))
        let schema: PostgreSQLSchema = "strata_benchmark"
        try await schema.migrate(using: pool)
        let store = PostgreSQLEventStore(pool, schema: schema)
        let raw = RawClient(connection, schema: schema.name)
        let stream = StreamID("Order", UUID())
        _ = try await store.append((0..<200).map { _ in event() }, to: stream, expecting: .noStream)

        var appends: [(ours: Double, raw: Double)] = []
        var loads: [(ours: Double, raw: Double)] = []
        for _ in 0..<rounds {
            let ours = try await rate {
                _ = try await store.append([event()], to: StreamID("Order", UUID()), expecting: .noStream)
            }
            appends.append((ours, try await rate { raw.append() }))
            let loading = try await rate {
                guard try await store.readStream(stream).collect().count == 200 else {
                    fatalError("events are missing")
                }
            }
            loads.append((loading, try await rate { raw.load(stream) }))
        }
        report("append, one event at a time", appends)
        report("load of 200 events", loads)
        let counts = try await withThrowingTaskGroup { group in
            for _ in 0..<64 {
                group.addTask {
                    try await rate {
                        _ = try await store.append([event()], to: StreamID("Order", UUID()), expecting: .noStream)
                    }
                }
            }
            return try await group.reduce(0, +)
        }
        print("append, 64 side by side: \(Int(counts)) a second")
        pool.close()
    }

    static func event() -> NewEvent {
        NewEvent(type: "ItemAdded", payload: Bytes(Array(repeating: UInt8(ascii: "1"), count: 256)))
    }

    /// How often something can be done in a second.
    private static func rate(_ body: () async throws -> Void) async throws -> Double {
        let start = ContinuousClock.now
        var count = 0.0
        while start.duration(to: .now) < .seconds(1) {
            try await body()
            count += 1
        }
        return count / (start.duration(to: .now) / .seconds(1))
    }

    private static func report(_ what: String, _ rates: [(ours: Double, raw: Double)]) {
        let ratios = rates.map { $0.ours / $0.raw }.sorted()
        let median = rates.sorted { $0.ours < $1.ours }[rates.count / 2]
        print(
            "\(what): \(Int(median.ours)) a second, raw \(Int(median.raw)), ratio median "
                + String(
                    format: "%.2f, least %.2f, greatest %.2f", ratios[ratios.count / 2], ratios[0],
                    ratios[ratios.count - 1]))
    }
}
#else
@main struct PostgreSQLBenchmark {
    static func main() {
        print("this build has no PostgreSQL: enable the package's trait of that name")
    }
}
#endif
