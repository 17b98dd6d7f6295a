#if PostgreSQL
import Synchronization

/// A statement that each connection prepares when it first runs it.
struct Statement: Sendable {
    private static let counter = Atomic(0)

    /// Names the statement within the process.
    let id: Int
    let sql: String

    init(_ sql: String) {
        id = Self.counter.add(1, ordering: .relaxed).newValue
        self.sql = sql
    }
}

/// A statement with its parameters.
struct Command: Sendable {
    let statement: Statement
    let parameters: BinaryParameters

    init(_ statement: Statement, _ parameters: BinaryParameters = BinaryParameters()) {
        self.statement = statement
        self.parameters = parameters
    }
}
#endif
