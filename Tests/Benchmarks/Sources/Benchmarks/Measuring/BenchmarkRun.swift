/// Measures rows: in each round every side of a row once, one behind the other, so that whatever else the machine does
/// meets all of them.
struct BenchmarkRun {
    let context: Context
    /// Told what goes on.
    let progress: @Sendable (String) -> Void

    @concurrent
    func measure(_ row: Row) async throws -> RowResult? {
        progress("\(row.id): \(row.title)")
        let sides = try await row.prepare(context)
        guard !sides.isEmpty else { return nil }
        var results = sides.map { SideResult(name: $0.name) }
        for round in 0..<context.scale.rounds {
            for offset in sides.indices {
                // Every side comes first in some round.
                let index = (offset + round) % sides.count
                results[index].rounds.append(try await sides[index].measure())
            }
        }
        for side in sides { try await side.finish() }
        return RowResult(row: row, sides: results)
    }
}
