#if PostgreSQL
extension Migration {
    /// One snapshot of each aggregate.
    static let snapshots = Migration(name: "snapshots") { schema in
        [
            """
            CREATE TABLE \(schema.quoted).snapshots (
                version bigint NOT NULL,
                schema_version bigint NOT NULL,
                created_at timestamptz NOT NULL,
                aggregate_id uuid NOT NULL,
                created_nanoseconds smallint NOT NULL,
                content_type smallint NOT NULL,
                aggregate_type text COLLATE "C" NOT NULL,
                state bytea NOT NULL,
                CONSTRAINT snapshots_stream PRIMARY KEY (aggregate_id, aggregate_type))
            """,
            "CREATE INDEX snapshots_category ON \(schema.quoted).snapshots (aggregate_type, schema_version)",
        ]
    }
}
#endif
