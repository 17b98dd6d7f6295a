#if PostgreSQL
extension Migration {
    /// The statements by which a function waits for its turn.
    ///
    /// Appends and releases take turns: the lock is held until the transaction ends, so that positions become visible in their
    /// order. A statement sees what was committed before it began, hence the lock comes first, in a statement of its
    /// own. That takes the isolation level read committed.
    static func turn(_ schema: PostgreSQLSchema) -> String {
        """
        IF current_setting('transaction_isolation') <> 'read committed' THEN
                RAISE EXCEPTION 'appending takes the isolation level read committed'
                    USING ERRCODE = 'feature_not_supported';
            END IF;
            PERFORM pg_advisory_xact_lock('\(schema.quoted).events'::regclass::oid::int, 1);
        """
    }

    /// Reads what is left of a stream into variables `last_version`, `first_version`, `is_truncated` and `is_tombstoned`.
    static func status(_ schema: PostgreSQLSchema) -> String {
        """
        SELECT e.version INTO last_version FROM \(schema.quoted).events e
                WHERE e.aggregate_id = stream_id AND e.aggregate_type = stream_type ORDER BY e.version DESC LIMIT 1;
            SELECT r.version, r.first_version, r.is_truncated, r.is_tombstoned INTO released
                FROM \(schema.quoted).releases r
                WHERE r.aggregate_id = stream_id AND r.aggregate_type = stream_type;
            last_version := greatest(last_version, released.version, 0);
            first_version := coalesce(released.first_version, 1);
            is_truncated := coalesce(released.is_truncated, false);
            is_tombstoned := coalesce(released.is_tombstoned, false);
        """
    }

    /// Reads the store's last position and stored-at, be it of an event that was released, into the record `latest`.
    static func latest(_ schema: PostgreSQLSchema) -> String {
        """
        SELECT l.position, l.stored_at, l.stored_nanoseconds INTO latest FROM (
                (SELECT e.position, e.stored_at, e.stored_nanoseconds FROM \(schema.quoted).events e
                    ORDER BY e.position DESC LIMIT 1)
                UNION ALL
                (SELECT r.position, r.stored_at, r.stored_nanoseconds FROM \(schema.quoted).releases r
                    ORDER BY r.position DESC LIMIT 1)) l
                ORDER BY l.position DESC LIMIT 1;
        """
    }

    /// Whether a stream fulfils what is expected: -1 any, -2 that it exists, -3 that it does not, or its version.
    static let isAsExpected = """
        (expected = -1 OR expected = -2 AND first_version <= last_version OR expected = -3 AND first_version > last_version
                OR expected = last_version)
        """

    /// The outcome is 0 for stored, 1 for stored earlier, 2 for a conflict with `at_version`, 3 for a duplicate of `taken`,
    /// 4 for a tombstone.
    static func append(_ schema: PostgreSQLSchema) -> String {
        append(
            schema, "append", parameters: "",
            stamp: """
                now := clock_timestamp();
                    IF now <= latest.stored_at THEN
                """)
    }

    /// Appends what another store took at an earlier time, which it keeps. The outcome is that of the function `append`.
    static func importCommit(_ schema: PostgreSQLSchema) -> String {
        append(
            schema, "import_commit", parameters: ", stored timestamptz, stored_remainder smallint",
            stamp: """
                now := stored;
                    now_nanoseconds := stored_remainder;
                    IF (now, now_nanoseconds) < (latest.stored_at, latest.stored_nanoseconds) THEN
                """)
    }

    private static func append(
        _ schema: PostgreSQLSchema, _ name: String, parameters: String, stamp: String
    ) -> String {
        """
        CREATE FUNCTION \(schema.quoted).\(name)(
            stream_type text, stream_id uuid, expected bigint, ids uuid[], types text[], schema_versions bigint[],
            occurrences timestamptz[], occurred_nanoseconds smallint[], content_types smallint[], tenants text[],
            metadata bytea[], payloads bytea[]\(parameters),
            OUT outcome smallint, OUT at_version bigint, OUT at_position bigint, OUT taken uuid)
        LANGUAGE plpgsql AS $$
        DECLARE
            size int := cardinality(ids);
            released record;
            earlier record;
            latest record;
            last_version bigint;
            first_version bigint;
            is_truncated bool;
            is_tombstoned bool;
            now timestamptz;
            now_nanoseconds smallint := 0;
        BEGIN
            \(turn(schema))
            \(status(schema))

            SELECT given.id INTO taken FROM unnest(ids) WITH ORDINALITY AS given(id, number)
                WHERE EXISTS (SELECT FROM \(schema.quoted).events e WHERE e.id = given.id) ORDER BY number LIMIT 1;
            IF FOUND THEN
                SELECT e.version, e.position, e.aggregate_id, e.aggregate_type, e.commit_size INTO earlier
                    FROM \(schema.quoted).events e WHERE e.id = ids[1];
                IF earlier.commit_size = size AND earlier.aggregate_id = stream_id AND earlier.aggregate_type = stream_type
                    AND (expected = -1 OR expected = -2 AND earlier.version > 1
                        OR expected = -3 AND earlier.version = first_version OR expected = earlier.version - 1)
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

            at_version := last_version;
            IF is_tombstoned THEN
                outcome := 4;
                RETURN;
            END IF;
            IF NOT \(isAsExpected) THEN
                outcome := 2;
                RETURN;
            END IF;

            \(latest(schema))
            \(stamp)
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
}
#endif
