#if PostgreSQL
import EventSourcing

/// Makes events of rows.
struct EventRows {
    private let result: QueryResult

    init(_ result: QueryResult) {
        self.result = result
    }

    /// The columns of a row.
    ///
    /// - Parameters:
    ///   - last: an expression for the last version or position there was when the statement ran.
    ///   - longest: an expression for the bytes that a row may have; longer ones come without their content. nil for any.
    static func columns(last: String = "0::bigint", longest: String? = nil) -> String {
        func content(_ column: String) -> String {
            guard let longest else { return column }
            return "CASE WHEN octet_length(e.payload) + octet_length(e.metadata) <= \(longest) THEN \(column) END"
        }
        return """
            e.position, e.version, e.stored_at, e.stored_nanoseconds, e.occurred_at, e.occurred_nanoseconds, \
            e.schema_version, e.id, e.content_type, e.type, \(content("e.metadata")), \(content("e.payload")), \
            e.aggregate_type, e.aggregate_id, \(last)
            """
    }

    /// The events up to the first row that came without its content.
    ///
    /// - Parameter stream: whose events they are, where that is known.
    func page(of stream: StreamID? = nil) throws(PostgreSQLError) -> EventPage {
        let whole = (0..<result.count).first { result.isNull($0, 11) } ?? result.count
        return EventPage(
            events: try events(whole, of: stream), last: result.count == 0 ? nil : try result.int(0, 14),
            isCut: whole < result.count)
    }

    /// The event of the only row; nil without rows.
    func event() throws(PostgreSQLError) -> RecordedEvent? {
        try events(result.count, of: nil).first
    }

    /// The events of the first rows, whose payloads and metadata share one buffer.
    private func events(_ count: Int, of stream: StreamID?) throws(PostgreSQLError) -> [RecordedEvent] {
        let contents = try contents(of: count)
        var events: [RecordedEvent] = []
        events.reserveCapacity(count)
        var offset = 0
        func next(_ row: Int, _ column: Int) -> Bytes {
            let end = offset + result.length(row, column)
            defer { offset = end }
            return contents.slice(offset..<end)
        }
        // Most neighbours have their type in common: one string serves them all.
        var type = ""
        for row in 0..<count {
            let stream = if let stream { stream } else { try self.stream(row) }
            let isSame = try result.withBytes(row, 9) { bytes in bytes.elementsEqual(type.utf8) }
            if !isSame { type = try result.text(row, 9) }
            guard let contentType = UInt8(exactly: try result.integer(row, 8, as: Int16.self)) else {
                throw PostgreSQLError(.unexpectedResult, "an event's content type is no number from 0 to 255")
            }
            let metadata = next(row, 10)
            let payload = next(row, 11)
            events.append(
                RecordedEvent(
                    stream: stream,
                    version: try result.int(row, 1), position: Position(try result.int(row, 0)),
                    storedAt: try instant(row, 2), id: try result.uuid(row, 7), type: type,
                    schemaVersion: try result.int(row, 6), occurredAt: try instant(row, 4),
                    contentType: ContentType(rawValue: contentType), payload: payload,
                    metadata: EventMetadata(uncheckedEncoded: metadata)))
        }
        return events
    }

    private func stream(_ row: Int) throws(PostgreSQLError) -> StreamID {
        StreamID(try result.text(row, 12), try result.uuid(row, 13))
    }

    private func instant(_ row: Int, _ column: Int) throws(PostgreSQLError) -> Timestamp {
        let microseconds: Int64 = try result.integer(row, column)
        guard
            let instant = Timestamp(
                serverMicroseconds: microseconds, remainder: try result.integer(row, column + 1, as: Int16.self))
        else { throw PostgreSQLError(.unexpectedResult, "an event's time lies outside the years 1 to 9999") }
        return instant
    }

    /// The metadata and payloads of the first rows, one behind the other.
    private func contents(of count: Int) throws(PostgreSQLError) -> Bytes {
        var total = 0
        for row in 0..<count { total += result.length(row, 10) + result.length(row, 11) }
        guard total < UInt32.max else {
            throw PostgreSQLError(.unexpectedResult, "a batch of events holds 4 GiB or more")
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(total)
        for row in 0..<count {
            for column in 10...11 { try result.withBytes(row, column) { bytes.append(contentsOf: $0) } }
        }
        return Bytes(bytes)
    }
}
#endif
