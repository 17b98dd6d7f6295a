/// The event table of SQLite and GRDB.
enum SQLiteSchema {
    static let tables = """
        CREATE TABLE IF NOT EXISTS events (
            position INTEGER PRIMARY KEY,
            aggregate_type TEXT NOT NULL,
            aggregate_id BLOB NOT NULL,
            version INTEGER NOT NULL,
            event_id BLOB NOT NULL UNIQUE,
            event_type TEXT NOT NULL,
            schema_version INTEGER NOT NULL,
            occurred_at INTEGER NOT NULL,
            stored_at INTEGER NOT NULL,
            content_type INTEGER NOT NULL,
            metadata BLOB NOT NULL,
            payload BLOB NOT NULL
        ) STRICT;
        CREATE UNIQUE INDEX IF NOT EXISTS events_by_stream ON events (aggregate_id, aggregate_type, version);
        """

    static let insert = """
        INSERT INTO events (aggregate_type, aggregate_id, version, event_id, event_type, schema_version, occurred_at,
            stored_at, content_type, metadata, payload) VALUES (?, ?, ?, ?, ?, 1, ?, ?, 1, ?, ?)
        """

    static let version = """
        SELECT version FROM events WHERE aggregate_id = ? AND aggregate_type = ? ORDER BY version DESC LIMIT 1
        """

    static let stream = """
        SELECT position, version, event_id, event_type, schema_version, occurred_at, stored_at, content_type, metadata,
            payload FROM events WHERE aggregate_id = ? AND aggregate_type = ? AND version <= ? ORDER BY version
        """

    static let feed = """
        SELECT position, version, event_id, event_type, schema_version, occurred_at, stored_at, content_type, metadata,
            payload, aggregate_type, aggregate_id FROM events WHERE position > ? ORDER BY position
        """

    static let contains = "SELECT 1 FROM events WHERE event_id = ?"

    /// A cache that holds the indexes of small stores, and a map of the file for reads.
    static let tuning = ["PRAGMA cache_size = -262144", "PRAGMA mmap_size = 34359738368", "PRAGMA temp_store = MEMORY"]

    /// In WAL mode `FULL` syncs the log at each commit. `OFF` leaves it to the operating system.
    static func synchronous(_ durability: PeerDurability) -> String {
        "PRAGMA synchronous = \(durability == .synced ? "FULL" : "OFF")"
    }
}
