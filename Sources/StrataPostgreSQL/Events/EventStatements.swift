#if PostgreSQL
import Synchronization

/// The statements of an event store, for one schema.
///
/// All rows have the columns of ``EventRows``.
final class EventStatements: Sendable {
    let append: Statement
    let release: Statement
    let importCommit: Statement
    let importRelease: Statement
    let releasedStreams: Statement
    let status: Statement
    let event: Statement
    let containsEvent: Statement
    let currentPosition: Statement
    let firstPosition: Statement
    let streamForward: Statement
    let streamBackward: Statement

    private let schema: PostgreSQLSchema
    private let feeds = Mutex<[FeedShape: Statement]>([:])

    /// Whether a commit waits until it is on the device.
    private static let isSynced = "current_setting('fsync')::bool AND current_setting('synchronous_commit') <> 'off'"

    init(_ schema: PostgreSQLSchema) {
        self.schema = schema
        let events = "\(schema.quoted).events e"
        append = Statement(
            """
            SELECT a.outcome, a.at_version, a.at_position, a.taken, \(Self.isSynced)
            FROM \(schema.quoted).append($1::text, $2::uuid, $3::bigint, $4::uuid[], $5::text[], $6::bigint[], $7::timestamptz[],
                $8::smallint[], $9::smallint[], $10::text[], $11::bytea[], $12::bytea[]) a
            """)
        release = Statement(
            """
            SELECT r.outcome, r.last_version, r.first_version, r.is_truncated, r.is_tombstoned, \(Self.isSynced)
            FROM \(schema.quoted).release($1::text, $2::uuid, $3::bigint, $4::bigint, $5::bool) r
            """)
        importCommit = Statement(
            """
            SELECT a.outcome, a.at_version, a.at_position, a.taken, \(Self.isSynced)
            FROM \(schema.quoted).import_commit($1::text, $2::uuid, $3::bigint, $4::uuid[], $5::text[], $6::bigint[],
                $7::timestamptz[], $8::smallint[], $9::smallint[], $10::text[], $11::bytea[], $12::bytea[], $13::timestamptz,
                $14::smallint) a
            """)
        importRelease = Statement(
            "SELECT \(schema.quoted).import_release($1::text, $2::uuid, $3::bigint, $4::bool, $5::bool)")
        let ofStream = "e.aggregate_id = $2::uuid AND e.aggregate_type = $1::text"
        let lastVersion = "(SELECT e.version FROM \(events) WHERE \(ofStream) ORDER BY e.version DESC LIMIT 1)"
        status = Statement(
            """
            SELECT greatest(\(lastVersion), r.version, 0), coalesce(r.first_version, 1), coalesce(r.is_truncated, false),
                coalesce(r.is_tombstoned, false)
            FROM (SELECT) AS one LEFT JOIN \(schema.quoted).releases r
                ON r.aggregate_id = $2::uuid AND r.aggregate_type = $1::text
            """)
        let lastOfReleased = """
            (SELECT e.version FROM \(events) WHERE e.aggregate_id = r.aggregate_id AND e.aggregate_type = r.aggregate_type
                ORDER BY e.version DESC LIMIT 1)
            """
        releasedStreams = Statement(
            """
            SELECT r.aggregate_type, r.aggregate_id, greatest(\(lastOfReleased), r.version, 0), r.first_version,
                r.is_truncated, r.is_tombstoned
            FROM \(schema.quoted).releases r WHERE r.first_version > 1 OR r.is_tombstoned
            """)
        event = Statement("SELECT \(EventRows.columns()) FROM \(events) WHERE e.id = $1::uuid")
        containsEvent = Statement("SELECT 1 FROM \(events) WHERE e.id = $1::uuid")
        currentPosition = Statement(
            """
            SELECT greatest((SELECT e.position FROM \(events) ORDER BY e.position DESC LIMIT 1),
                (SELECT r.position FROM \(schema.quoted).releases r ORDER BY r.position DESC LIMIT 1), 0)
            """)
        firstPosition = Statement("SELECT \(schema.quoted).first_position($1::timestamptz, $2::smallint)")
        let stream = """
            SELECT \(EventRows.columns(last: lastVersion, longest: "$6::bigint")) FROM \(events)
            WHERE \(ofStream) AND e.version BETWEEN $3::bigint AND $4::bigint ORDER BY e.version
            """
        streamForward = Statement("\(stream) LIMIT $5::bigint")
        streamBackward = Statement("\(stream) DESC LIMIT $5::bigint")
    }

    /// The statement of a read of the whole store.
    func feed(_ shape: FeedShape) -> Statement {
        feeds.withLock { feeds in
            if let statement = feeds[shape] { return statement }
            let statement = Statement(shape.sql(schema))
            feeds[shape] = statement
            return statement
        }
    }
}

/// What a read of the whole store asks for, apart from values. Each shape is a statement of its own, so that the server can use
/// the index that suits it.
struct FeedShape: Hashable, Sendable {
    enum AggregateTypes: Hashable {
        case all, one, several
    }

    var isBackward = false
    var aggregateTypes = AggregateTypes.all
    var hasEventTypes = false
    var hasTenant = false

    /// Whether the server may have to pass over many events to find one.
    var isSparse: Bool { aggregateTypes == .several || hasEventTypes || hasTenant }

    /// Parameters: the lowest and the highest position, the limit, the longest row, and then those that the shape asks for.
    func sql(_ schema: PostgreSQLSchema) -> String {
        var conditions = ["e.position BETWEEN $1::bigint AND $2::bigint"]
        var next = 5
        func condition(_ text: (String) -> String) {
            conditions.append(text("$\(next)"))
            next += 1
        }
        switch aggregateTypes {
        case .all: break
        case .one: condition { "e.aggregate_type = \($0)::text" }
        case .several: condition { "e.aggregate_type = ANY (\($0)::text[])" }
        }
        if hasEventTypes { condition { "e.type = ANY (\($0)::text[])" } }
        if hasTenant { condition { "e.tenant = ANY (\($0)::text[])" } }
        let last = "(SELECT l.position FROM \(schema.quoted).events l ORDER BY l.position DESC LIMIT 1)"
        return """
            SELECT \(EventRows.columns(last: last, longest: "$4::bigint")) FROM \(schema.quoted).events e
            WHERE \(conditions.joined(separator: " AND "))
            ORDER BY e.position\(isBackward ? " DESC" : "") LIMIT $3::bigint
            """
    }
}
#endif
