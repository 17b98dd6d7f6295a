#if PostgreSQL
import EventSourcing
import FoundationEssentials

/// What the function `append` found.
enum AppendOutcome: Sendable {
    case stored(version: Int, position: Int, durability: Durability)
    case conflict(version: Int)
    case duplicate(UUID)
    /// The stream has a tombstone.
    case deleted

    init(_ result: QueryResult) throws(PostgreSQLError) {
        switch try result.integer(0, 0, as: Int16.self) {
        case 0, 1:
            self = .stored(
                version: try result.int(0, 1), position: try result.int(0, 2),
                durability: try result.boolean(0, 4) ? .synced : .written)
        case 2: self = .conflict(version: try result.int(0, 1))
        case 3: self = .duplicate(try result.uuid(0, 3))
        case 4: self = .deleted
        default: throw PostgreSQLError(.unexpectedResult, "the function append gave an outcome that is none")
        }
    }
}

extension QueryResult {
    /// A number of the server's type `bigint`.
    func int(_ row: Int, _ column: Int) throws(PostgreSQLError) -> Int {
        Int(try integer(row, column, as: Int64.self))
    }

    /// What is left of a stream, in four columns.
    func status(_ row: Int = 0, from column: Int) throws(PostgreSQLError) -> StreamStatus {
        StreamStatus(
            version: try int(row, column), firstVersion: try int(row, column + 1),
            isTruncated: try boolean(row, column + 2), isTombstoned: try boolean(row, column + 3))
    }

    func uuid(_ row: Int, _ column: Int) throws(PostgreSQLError) -> UUID {
        UUID(bits: try integer(row, column, as: UInt128.self))
    }
}
#endif
