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

    /// The events of the first rows, which share one buffer and their names.
    private func events(_ count: Int, of stream: StreamID?) throws(PostgreSQLError) -> [RecordedEvent] {
        var names = EventNames()
        let (contents, places) = try contents(of: count, of: stream, &names)
        let shared = SharedEventParts(contents, names: names.all)
        var events: [RecordedEvent] = []
        events.reserveCapacity(count)
        for (row, places) in places.enumerated() {
            let aggregateID = if let stream { stream.id } else { try result.uuid(row, 13) }
            guard let contentType = UInt8(exactly: try result.integer(row, 8, as: Int16.self)) else {
                throw PostgreSQLError(.unexpectedResult, "an event's content type is no number from 0 to 255")
            }
            events.append(
                RecordedEvent(
                    shared, places, aggregateID: aggregateID, version: try result.int(row, 1),
                    position: Position(try result.int(row, 0)), storedAt: try instant(row, 2),
                    id: try result.uuid(row, 7), schemaVersion: try result.int(row, 6),
                    occurredAt: try instant(row, 4), contentType: ContentType(rawValue: contentType)))
        }
        return events
    }

    private func instant(_ row: Int, _ column: Int) throws(PostgreSQLError) -> Timestamp {
        let microseconds: Int64 = try result.integer(row, column)
        guard
            let instant = Timestamp(
                serverMicroseconds: microseconds, remainder: try result.integer(row, column + 1, as: Int16.self))
        else { throw PostgreSQLError(.unexpectedResult, "an event's time lies outside the years 1 to 9999") }
        return instant
    }

    /// The metadata and payloads of the first rows, one behind the other, and where each row's parts are.
    private func contents(
        of count: Int, of stream: StreamID?, _ names: inout EventNames
    ) throws(PostgreSQLError) -> (Bytes, [RecordedEvent.Places]) {
        var total = 0
        for row in 0..<count { total += result.length(row, 10) + result.length(row, 11) }
        guard total < UInt32.max else {
            throw PostgreSQLError(.unexpectedResult, "a batch of events holds 4 GiB or more")
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(total)
        var places: [RecordedEvent.Places] = []
        places.reserveCapacity(count)
        var aggregateType = stream.map { names.place(of: $0.aggregateType) } ?? 0
        var type = 0
        for row in 0..<count {
            // Most neighbours have their names in common.
            if stream == nil, row == 0 || !result.isSame(row, row - 1, 12) {
                aggregateType = names.place(of: try result.text(row, 12))
            }
            if row == 0 || !result.isSame(row, row - 1, 9) { type = names.place(of: try result.text(row, 9)) }
            let metadata = bytes.count
            try result.withBytes(row, 10) { bytes.append(contentsOf: $0) }
            let payload = bytes.count
            try result.withBytes(row, 11) { bytes.append(contentsOf: $0) }
            places.append(
                RecordedEvent.Places(
                    aggregateType: aggregateType, type: type, payload: payload..<bytes.count,
                    metadata: metadata..<payload))
        }
        return (Bytes(bytes), places)
    }
}

/// The names of some events, each once. A batch has two for each event at most, and far less events than fit.
private struct EventNames {
    private(set) var all: [String] = []
    private var places: [String: Int] = [:]

    mutating func place(of name: String) -> Int {
        if let place = places[name] { return place }
        all.append(name)
        places[name] = all.count - 1
        return all.count - 1
    }
}
#endif
