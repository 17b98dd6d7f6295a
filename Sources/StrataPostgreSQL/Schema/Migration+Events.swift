#if PostgreSQL
extension Migration {
    /// Events are rows that are only ever inserted: no row of a counter or of a stream is updated by an append, so that a long
    /// backup, which keeps the server from cleaning up, slows nothing down.
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
            comment(on: "TABLE events", "Events in the order of their positions, which is the order of their commits", schema),
            comment(on: "COLUMN events.commit_size", "Events of the commit that this event begins; 0 for its others", schema),
            comment(
                on: "COLUMN events.stored_nanoseconds", "What the microseconds of stored_at leave out; likewise occurred_at",
                schema),
            comment(
                on: "COLUMN events.tenant", "The metadata's tenant id; U+0001 where that is no text in normal form C", schema),
            "CREATE SEQUENCE \(schema.quoted).positions OWNED BY \(schema.quoted).events.position",
            append(schema),
            firstPosition(schema),
        ]
    }

    private static func comment(on what: String, _ text: String, _ schema: PostgreSQLSchema) -> String {
        let (kind, name) = (what.prefix { $0 != " " }, what.drop { $0 != " " }.dropFirst())
        return "COMMENT ON \(kind) \(schema.quoted).\(name) IS '\(text.replacing("'", with: "''"))'"
    }

    /// Appends take turns: the lock is held until the transaction ends, so that positions become visible in their order.
    ///
    /// A statement sees what was committed before it began, hence the lock comes first, in a statement of its own. That takes
    /// the isolation level read committed.
    ///
    /// The outcome is 0 for stored, 1 for stored earlier, 2 for a conflict with `at_version`, 3 for a duplicate of `taken`.
    /// An expected version of -1 stands for any, -2 for a stream that exists.
    private static func append(_ schema: PostgreSQLSchema) -> String {
        """
        CREATE FUNCTION \(schema.quoted).append(
            stream_type text, stream_id uuid, expected bigint, ids uuid[], types text[], schema_versions bigint[],
            occurrences timestamptz[], occurred_nanoseconds smallint[], content_types smallint[], tenants text[],
            metadata bytea[], payloads bytea[],
            OUT outcome smallint, OUT at_version bigint, OUT at_position bigint, OUT taken uuid)
        LANGUAGE plpgsql AS $$
        DECLARE
            size int := cardinality(ids);
            earlier record;
            latest record;
            now timestamptz;
            now_nanoseconds smallint := 0;
        BEGIN
            IF current_setting('transaction_isolation') <> 'read committed' THEN
                RAISE EXCEPTION 'appending takes the isolation level read committed'
                    USING ERRCODE = 'feature_not_supported';
            END IF;
            PERFORM pg_advisory_xact_lock('\(schema.quoted).events'::regclass::oid::int, \(appendLock));

            SELECT given.id INTO taken FROM unnest(ids) WITH ORDINALITY AS given(id, number)
                WHERE EXISTS (SELECT FROM \(schema.quoted).events e WHERE e.id = given.id) ORDER BY number LIMIT 1;
            IF FOUND THEN
                SELECT e.version, e.position, e.aggregate_id, e.aggregate_type, e.commit_size INTO earlier
                    FROM \(schema.quoted).events e WHERE e.id = ids[1];
                IF earlier.commit_size = size AND earlier.aggregate_id = stream_id AND earlier.aggregate_type = stream_type
                    AND (expected = -1 OR expected = -2 AND earlier.version > 1 OR expected = earlier.version - 1)
                    AND ids = (SELECT array_agg(e.id ORDER BY e.version) FROM \(schema.quoted).events e
                        WHERE e.aggregate_id = stream_id AND e.aggregate_type = stream_type
                        AND e.version >= earlier.version AND e.version < earlier.version + size)
                THEN
                    outcome := 1;
                    at_version := earlier.version + size - 1;
                    at_position := earlier.position;
                ELSE
                    outcome := 3;
                END IF;
                RETURN;
            END IF;

            SELECT e.version INTO at_version FROM \(schema.quoted).events e
                WHERE e.aggregate_id = stream_id AND e.aggregate_type = stream_type ORDER BY e.version DESC LIMIT 1;
            at_version := coalesce(at_version, 0);
            IF NOT (expected = -1 OR expected = -2 AND at_version > 0 OR expected = at_version) THEN
                outcome := 2;
                RETURN;
            END IF;

            SELECT e.position, e.stored_at, e.stored_nanoseconds INTO latest
                FROM \(schema.quoted).events e ORDER BY e.position DESC LIMIT 1;
            now := clock_timestamp();
            IF now <= latest.stored_at THEN
                now := latest.stored_at;
                now_nanoseconds := latest.stored_nanoseconds;
            END IF;
            -- A restored copy may have a sequence that lags behind.
            at_position := greatest(nextval('\(schema.quoted).positions'), latest.position + 1);
            PERFORM setval('\(schema.quoted).positions', at_position + size - 1) WHERE size > 1;
            INSERT INTO \(schema.quoted).events (
                    position, version, stored_at, occurred_at, schema_version, aggregate_id, id, commit_size, stored_nanoseconds,
                    occurred_nanoseconds, content_type, aggregate_type, type, tenant, metadata, payload)
                SELECT at_position + new.number - 1, at_version + new.number, now, new.occurred_at, new.schema_version,
                    stream_id, new.id, CASE new.number WHEN 1 THEN size ELSE 0 END, now_nanoseconds,
                    new.occurred_nanoseconds, new.content_type, stream_type, new.type, new.tenant, new.metadata, new.payload
                FROM unnest(ids, types, schema_versions, occurrences, occurred_nanoseconds, content_types, tenants, metadata,
                        payloads) WITH ORDINALITY
                    AS new(id, type, schema_version, occurred_at, occurred_nanoseconds, content_type, tenant, metadata,
                        payload, number);
            at_version := at_version + size;
            outcome := 0;
            PERFORM pg_notify('\(schema.channel)', '');
        END
        $$
        """
    }

    /// Tells the lock of appends from others of the same table.
    private static let appendLock = 1

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
