#if PostgreSQL
import CPostgreSQL
import Glibc

/// The rows that a statement gave, in binary form.
///
/// Whatever the server sends ends in values or in an error, never in a trap.
final class QueryResult: Sendable {
    // Never changed once it is here, and libpq only reads it.
    nonisolated(unsafe) private let pointer: OpaquePointer

    /// The number of rows.
    let count: Int
    private let columns: Int

    init(_ pointer: OpaquePointer) {
        self.pointer = pointer
        count = Int(PQntuples(pointer))
        columns = Int(PQnfields(pointer))
    }

    deinit {
        PQclear(pointer)
    }

    /// The server's complaint, if this is one.
    var error: PostgreSQLError? {
        switch PQresultStatus(pointer) {
        case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY: nil
        case PGRES_PIPELINE_ABORTED: PostgreSQLError(.serverError, "not run, because an earlier statement failed")
        default: PostgreSQLError(sqlState: field("C") ?? "08006", message: field("M") ?? "the connection is lost")
        }
    }

    /// A field of an error (PostgreSQL's documentation, "Error and Notice Message Fields").
    private func field(_ code: Unicode.Scalar) -> String? {
        PQresultErrorField(pointer, Int32(code.value)).map { String(cString: $0) }
    }

    /// Whether a field is NULL.
    func isNull(_ row: Int, _ column: Int) -> Bool {
        PQgetisnull(pointer, Int32(row), Int32(column)) != 0
    }

    /// The number of bytes in a field; 0 for NULL.
    func length(_ row: Int, _ column: Int) -> Int {
        Int(PQgetlength(pointer, Int32(row), Int32(column)))
    }

    /// Whether a column has the same bytes in two rows.
    func isSame(_ row: Int, _ other: Int, _ column: Int) -> Bool {
        let count = length(row, column)
        guard count > 0, count == length(other, column),
            let bytes = PQgetvalue(pointer, Int32(row), Int32(column)),
            let others = PQgetvalue(pointer, Int32(other), Int32(column))
        else { return false }
        return memcmp(bytes, others, count) == 0
    }

    /// Calls `body` with the bytes of a field, which live as long as the result.
    func withBytes<Value>(
        _ row: Int, _ column: Int, _ body: (UnsafeRawBufferPointer) -> Value
    ) throws(PostgreSQLError) -> Value {
        guard row < count, column < columns, !isNull(row, column) else { throw unexpected(column) }
        return body(
            UnsafeRawBufferPointer(
                start: PQgetvalue(pointer, Int32(row), Int32(column)), count: length(row, column)))
    }

    /// A number of as many bytes as its type has.
    func integer<Value: FixedWidthInteger>(
        _ row: Int, _ column: Int, as type: Value.Type = Value.self
    ) throws(PostgreSQLError) -> Value {
        // Libpq says that fields which are not there or NULL have no bytes.
        guard length(row, column) == MemoryLayout<Value>.size,
            let bytes = PQgetvalue(pointer, Int32(row), Int32(column))
        else { throw unexpected(column) }
        return Value(bigEndian: UnsafeRawPointer(bytes).loadUnaligned(as: Value.self))
    }

    /// Text in UTF-8.
    func text(_ row: Int, _ column: Int) throws(PostgreSQLError) -> String {
        try withBytes(row, column) { String(decoding: $0, as: UTF8.self) }
    }

    /// A boolean.
    func boolean(_ row: Int, _ column: Int) throws(PostgreSQLError) -> Bool {
        try integer(row, column, as: UInt8.self) != 0
    }

    private func unexpected(_ column: Int) -> PostgreSQLError {
        PostgreSQLError(.unexpectedResult, "column \(column + 1) of the server's answer is not what it should be")
    }
}
#endif
