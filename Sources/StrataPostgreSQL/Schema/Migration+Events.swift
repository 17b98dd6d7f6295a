#if PostgreSQL
extension Migration {
    /// An append only inserts rows: no row of a counter or of a stream is updated, so that a long backup, which keeps the server
    /// from cleaning up, slows nothing down. A release deletes rows, and leaves one for its stream.
    static let events = Migration(name: "events") { schema in
        [
            """
            CREATE TABLE \(schema.quoted).events (
                position bigint PRIMARY KEY,
                version bigint NOT NULL,
                stored_at timestamptz NOT NULL,
                occurred_at timestamptz NOT NULL,
                schema_version bigint NOT NULL,
                aggregate_id uuid NOT NULL,
                id uuid NOT NULL,
                commit_size int NOT NULL,
                stored_nanoseconds smallint NOT NULL,
                occurred_nanoseconds smallint NOT NULL,
                content_type smallint NOT NULL,
                aggregate_type text COLLATE "C" NOT NULL,
                type text COLLATE "C" NOT NULL,
                tenant text COLLATE "C",
                metadata bytea NOT NULL,
                payload bytea NOT NULL,
                CONSTRAINT events_stream UNIQUE (aggregate_id, aggregate_type, version),
                CONSTRAINT events_id UNIQUE (id))
            """,
            "CREATE INDEX events_category ON \(schema.quoted).events (aggregate_type, position)",
            comment(
                on: "TABLE events", "Events in the order of their positions, which is the order of their commits",
                schema),
            comment(
                on: "COLUMN events.commit_size", "Events of the commit that this event begins; 0 for its others", schema
            ),
            comment(
                on: "COLUMN events.stored_nanoseconds",
                "What the microseconds of stored_at leave out; likewise occurred_at", schema),
            comment(
                on: "COLUMN events.tenant", "The metadata's tenant id; U+0001 where that is no text in normal form C",
                schema),
            "CREATE SEQUENCE \(schema.quoted).positions OWNED BY \(schema.quoted).events.position",
            """
            CREATE TABLE \(schema.quoted).releases (
                position bigint NOT NULL,
                stored_at timestamptz NOT NULL,
                version bigint NOT NULL,
                first_version bigint NOT NULL,
                aggregate_id uuid NOT NULL,
                stored_nanoseconds smallint NOT NULL,
                is_truncated bool NOT NULL,
                is_tombstoned bool NOT NULL,
                aggregate_type text COLLATE "C" NOT NULL,
                CONSTRAINT releases_stream PRIMARY KEY (aggregate_id, aggregate_type))
            """,
            "CREATE INDEX releases_position ON \(schema.quoted).releases (position)",
            comment(on: "TABLE releases", "Streams of which events were released: what is left of them", schema),
            comment(
                on: "COLUMN releases.position",
                "The store's last position then, of a released event perhaps; likewise stored_at", schema),
            append(schema),
            release(schema),
            firstPosition(schema),
        ]
    }

    private static func comment(on what: String, _ text: String, _ schema: PostgreSQLSchema) -> String {
        let (kind, name) = (what.prefix { $0 != " " }, what.drop { $0 != " " }.dropFirst())
        return "COMMENT ON \(kind) \(schema.quoted).\(name) IS '\(text.replacing("'", with: "''"))'"
    }

    /// Stored-at never decreases with the position, so an instant is found by halving: no index of its own is needed.
    ///
    /// Gives the first position whose stored-at is the instant or later, or one behind the last position.
    private static func firstPosition(_ schema: PostgreSQLSchema) -> String {
        """
        CREATE FUNCTION \(schema.quoted).first_position(instant timestamptz, nanoseconds smallint) RETURNS bigint
        LANGUAGE plpgsql STABLE AS $$
        DECLARE
            low bigint := (SELECT min(e.position) FROM \(schema.quoted).events e);
            high bigint := (SELECT max(e.position) + 1 FROM \(schema.quoted).events e);
            middle bigint;
            found_at record;
        BEGIN
            WHILE low < high LOOP
                middle := (low + high) / 2;
                SELECT e.position, e.stored_at, e.stored_nanoseconds INTO found_at
                    FROM \(schema.quoted).events e WHERE e.position >= middle ORDER BY e.position LIMIT 1;
                IF (found_at.stored_at, found_at.stored_nanoseconds) < (instant, nanoseconds) THEN
                    low := found_at.position + 1;
                ELSE
                    high := middle;
                END IF;
            END LOOP;
            RETURN coalesce(low, 1);
        END
        $$
        """
    }
}
#endif
