import Foundation

/// Results for machines.
enum JSONReport {
    static func data(_ results: [RowResult], machine: Machine) throws -> Data {
        let rows = results.map { result -> [String: Any] in
            [
                "id": result.row.id, "title": result.row.title, "unit": result.row.unit.rawValue,
                "exchangeNanoseconds": result.exchanges,
                "sides": result.sides.map { side -> [String: Any] in
                    [
                        "name": side.name, "values": side.values,
                        "details": side.rounds.map(\.details),
                    ]
                },
                "targets": result.outcomes.map { outcome -> [String: Any] in
                    [
                        "text": outcome.text, "met": outcome.isMet, "median": outcome.spread.median,
                        "min": outcome.spread.minimum, "max": outcome.spread.maximum,
                    ]
                },
            ]
        }
        let document: [String: Any] = ["machine": machine.facts, "rows": rows]
        return try JSONSerialization.data(
            withJSONObject: document, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
    }
}
