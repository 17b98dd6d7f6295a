#if PostgreSQL
import EventSourcing
import FoundationEssentials

/// What the function `append` found.
enum AppendOutcome: Sendable {
    case stored(version: Int, position: Int, durability: Durability)
    case conflict(version: Int)
    case duplicate(UUID)

    init(_ result: QueryResult) throws(PostgreSQLError) {
        switch try result.integer(0, 0, as: Int16.self) {
        case 0, 1:
            self = .stored(
                version: try result.int(0, 1), position: try result.int(0, 2),
                durability: try result.boolean(0, 4) ? .synced : .written)
        case 2: self = .conflict(version: try result.int(0, 1))
        case 3: self = .duplicate(try result.uuid(0, 3))
        default: throw PostgreSQLError(.unexpectedResult, "the function append gave an outcome that is none")
        }
    }
}

extension QueryResult {
    /// A number of the server's type `bigint`.
    func int(_ row: Int, _ column: Int) throws(PostgreSQLError) -> Int {
        Int(try integer(row, column, as: Int64.self))
    }

    func uuid(_ row: Int, _ column: Int) throws(PostgreSQLError) -> UUID {
        UUID(bits: try integer(row, column, as: UInt128.self))
    }
}
#endif
