import CSQLite
import EventSourcing

/// A connection with the statements that were prepared on it. One thread at a time.
struct SQLiteConnection: @unchecked Sendable {
    // Sendable as long as whoever holds it lets in one thread at a time: all of them stand behind a mutex.
    private final class Statements {
        var prepared: [String: OpaquePointer] = [:]
    }

    private let database: OpaquePointer
    private let statements = Statements()

    init(path: String) throws {
        var opened: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX
        guard sqlite3_open_v2(path, &opened, flags, nil) == SQLITE_OK, let opened else {
            throw BenchmarkError("SQLite: \(path) cannot be opened")
        }
        database = opened
        sqlite3_busy_timeout(database, 60_000)
    }

    func execute(_ sql: String) throws {
        guard sqlite3_exec(database, sql, nil, nil, nil) == SQLITE_OK else { throw failure() }
    }

    func statement(_ sql: String) throws -> SQLiteStatement {
        if let known = statements.prepared[sql] { return SQLiteStatement(pointer: known) }
        var prepared: OpaquePointer?
        guard
            sqlite3_prepare_v3(database, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &prepared, nil) == SQLITE_OK,
            let prepared
        else { throw failure() }
        statements.prepared[sql] = prepared
        return SQLiteStatement(pointer: prepared)
    }

    /// Runs a statement that gives no rows.
    func run(_ statement: SQLiteStatement) throws {
        defer { statement.reset() }
        guard try !step(statement) else { throw BenchmarkError("SQLite: rows where none were expected") }
    }

    /// Whether there is a row.
    func step(_ statement: SQLiteStatement) throws -> Bool {
        switch sqlite3_step(statement.pointer) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        default: throw failure()
        }
    }

    /// Walks all rows and looks at each column.
    func count(_ statement: SQLiteStatement) throws -> Int {
        defer { statement.reset() }
        var count = 0
        var sum: Int64 = 0
        while try step(statement) {
            for column in [0, 1, 4, 5, 6, 7] as [Int32] { sum &+= statement.integer(column) }
            for column in [2, 3, 8, 9] as [Int32] { sum &+= statement.lastByte(column) }
            count += 1
        }
        keep(sum)
        return count
    }

    private func failure() -> BenchmarkError {
        BenchmarkError("SQLite: \(String(cString: sqlite3_errmsg(database)))")
    }

    func close() {
        for statement in statements.prepared.values { sqlite3_finalize(statement) }
        statements.prepared = [:]
        sqlite3_close_v2(database)
    }
}

/// A prepared statement. What is bound is used before the next call that binds it anew.
struct SQLiteStatement {
    /// Has SQLite copy what is bound.
    private static let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

    let pointer: OpaquePointer

    func bind(_ index: Int32, _ value: Int64) {
        sqlite3_bind_int64(pointer, index, value)
    }

    func bind(_ index: Int32, text: String) {
        sqlite3_bind_text(pointer, index, text, Int32(text.utf8.count), Self.transient)
    }

    func bind(_ index: Int32, blob: UnsafeRawBufferPointer) {
        sqlite3_bind_blob(pointer, index, blob.baseAddress, Int32(blob.count), Self.transient)
    }

    func bind(_ index: Int32, _ bytes: Bytes) {
        bytes.withSpan { span in span.withUnsafeBytes { bind(index, blob: $0) } }
    }

    func integer(_ column: Int32) -> Int64 {
        sqlite3_column_int64(pointer, column)
    }

    func lastByte(_ column: Int32) -> Int64 {
        let bytes = sqlite3_column_blob(pointer, column)
        let count = Int(sqlite3_column_bytes(pointer, column))
        guard let bytes, count > 0 else { return 0 }
        return Int64(bytes.load(fromByteOffset: count - 1, as: UInt8.self))
    }

    func reset() {
        sqlite3_reset(pointer)
    }
}
