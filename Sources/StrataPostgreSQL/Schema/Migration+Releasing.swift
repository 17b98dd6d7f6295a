#if PostgreSQL
extension Migration {
    /// Deletes the rows of released events. Their stream keeps its version, and the store its last position, in a row of
    /// `releases`.
    ///
    /// Parameters: `before` is the lowest version that stays; where it is NULL, nothing stays, and `tombstone` decides
    /// whether the stream may begin again. The outcome is 0 for done, 2 for a conflict, 4 for a tombstone, 5 for a version
    /// out of bounds.
    static func release(_ schema: PostgreSQLSchema) -> String {
        """
        CREATE FUNCTION \(schema.quoted).release(
            stream_type text, stream_id uuid, expected bigint, before bigint, tombstone bool,
            OUT outcome smallint, OUT last_version bigint, OUT first_version bigint, OUT is_truncated bool,
            OUT is_tombstoned bool)
        LANGUAGE plpgsql AS $$
        DECLARE
            released record;
            latest record;
            head record;
        BEGIN
            \(turn(schema))
            \(status(schema))
            IF is_tombstoned AND NOT tombstone THEN
                outcome := 4;
                RETURN;
            END IF;
            IF NOT \(isAsExpected) THEN
                outcome := 2;
                RETURN;
            END IF;
            IF before < 1 OR before > last_version + 1 THEN
                outcome := 5;
                RETURN;
            END IF;
            outcome := 0;
            before := coalesce(before, last_version + 1);
            IF before <= first_version AND (is_tombstoned OR NOT tombstone) THEN
                RETURN;
            END IF;

            \(deleteEvents(schema))
            first_version := greatest(before, first_version);
            is_truncated := first_version <= last_version;
            is_tombstoned := tombstone;
            \(record(schema))
        END
        $$
        """
    }

    /// Releases what another store has released of a stream, and has the stream go on behind that.
    static func importRelease(_ schema: PostgreSQLSchema) -> String {
        """
        CREATE FUNCTION \(schema.quoted).import_release(
            stream_type text, stream_id uuid, before bigint, truncated bool, tombstone bool) RETURNS void
        LANGUAGE plpgsql AS $$
        DECLARE
            released record;
            latest record;
            head record;
            last_version bigint;
            first_version bigint;
            is_truncated bool;
            is_tombstoned bool;
        BEGIN
            \(turn(schema))
            \(status(schema))
            IF is_tombstoned OR NOT (tombstone OR before > first_version) THEN
                RETURN;
            END IF;
            last_version := greatest(last_version, before - 1);
            IF tombstone THEN
                before := last_version + 1;
            END IF;
            \(deleteEvents(schema))
            first_version := before;
            is_truncated := truncated;
            is_tombstoned := tombstone;
            \(record(schema))
        END
        $$
        """
    }

    /// Deletes a stream's events below the version `before`.
    private static func deleteEvents(_ schema: PostgreSQLSchema) -> String {
        """
        \(latest(schema))
            -- What is left of a commit counts as the commit.
            SELECT e.version, e.commit_size INTO head FROM \(schema.quoted).events e
                WHERE e.aggregate_id = stream_id AND e.aggregate_type = stream_type AND e.version < before
                AND e.commit_size > 0 ORDER BY e.version DESC LIMIT 1;
            UPDATE \(schema.quoted).events e SET commit_size = head.version + head.commit_size - before
                WHERE e.aggregate_id = stream_id AND e.aggregate_type = stream_type AND e.version = before
                AND e.commit_size = 0;
            DELETE FROM \(schema.quoted).events e
                WHERE e.aggregate_id = stream_id AND e.aggregate_type = stream_type AND e.version < before;
        """
    }

    /// Keeps what is left of a stream.
    private static func record(_ schema: PostgreSQLSchema) -> String {
        """
        INSERT INTO \(schema.quoted).releases AS r (
                    position, stored_at, version, first_version, aggregate_id, stored_nanoseconds, is_truncated, is_tombstoned,
                    aggregate_type)
                VALUES (coalesce(latest.position, 0), coalesce(latest.stored_at, 'epoch'), last_version, first_version,
                    stream_id, coalesce(latest.stored_nanoseconds, 0), is_truncated, is_tombstoned, stream_type)
                ON CONFLICT ON CONSTRAINT releases_stream DO UPDATE SET position = excluded.position,
                    stored_at = excluded.stored_at, version = excluded.version, first_version = excluded.first_version,
                    stored_nanoseconds = excluded.stored_nanoseconds, is_truncated = excluded.is_truncated,
                    is_tombstoned = excluded.is_tombstoned;
        """
    }
}
#endif
