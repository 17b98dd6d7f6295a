import CRawLimits

/// Measures rows: in each round every side of a row once, one behind the other, so that whatever else the machine does
/// meets all of them.
struct BenchmarkRun {
    let context: Context
    /// Told what goes on.
    let progress: @Sendable (String) -> Void

    /// Measures rows and prints a table of each, and all targets in the end.
    ///
    /// - Parameter report: called with all results so far behind each row: a long run that is ended was not in vain.
    @concurrent
    func measure(_ rows: [Row], report: ([RowResult]) throws -> Void) async throws {
        var results: [RowResult] = []
        for row in rows {
            guard let result = try await measure(row) else {
                print("### \(row.id): not measured, because what it needs was not given\n")
                continue
            }
            print(TableReport.text(result))
            results.append(result)
            try report(results)
        }
        print(TableReport.summary(results))
    }

    @concurrent
    private func measure(_ row: Row) async throws -> RowResult? {
        progress("\(row.id): \(row.title)")
        let sides = try await row.prepare(context)
        guard !sides.isEmpty else { return nil }
        var results = sides.map { SideResult(name: $0.name) }
        var exchanges: [Double] = []
        for round in 0..<context.scale.rounds {
            exchanges.append(raw_exchange())
            for offset in sides.indices {
                // Every side comes first in some round.
                let index = (offset + round) % sides.count
                results[index].rounds.append(try await Self.measure(sides[index]))
            }
        }
        for side in sides { try await side.finish() }
        try context.removeDirectories()
        return RowResult(row: row, sides: results, exchanges: exchanges.filter { $0 > 0 })
    }

    /// One round of one side, and what it used of the processors: a figure that says something on a busy machine, too.
    private static func measure(_ side: Side) async throws -> Round {
        let before = Clock.processorSeconds
        var round = try await side.measure()
        if let count = round.count, count > 0 {
            round.details["CPU us each"] = (Clock.processorSeconds - before) * 1e6 / Double(count)
        }
        return round
    }
}
