import CSQLite
import EventSourcing
import Synchronization

/// SQLite through its C API: WAL, prepared statements, one writing connection behind a lock, one reading connection.
final class SQLitePeer: PeerStore {
    private let writer: Mutex<SQLiteConnection>
    private let reader: Mutex<SQLiteConnection>
    private let sample: EventSample

    init(path: String, sample: EventSample, durability: PeerDurability) throws {
        self.sample = sample
        let first = try SQLiteConnection(path: path + "/events.sqlite")
        try first.execute("PRAGMA journal_mode = WAL")
        try first.execute(SQLiteSchema.synchronous(durability))
        try first.execute(SQLiteSchema.tables)
        let second = try SQLiteConnection(path: path + "/events.sqlite")
        for connection in [first, second] {
            for pragma in SQLiteSchema.tuning { try connection.execute(pragma) }
        }
        writer = Mutex(first)
        reader = Mutex(second)
    }

    func append(_ append: SampleAppend) throws {
        try load([append])
    }

    func load(_ appends: [SampleAppend]) throws {
        try writer.withLock { connection in
            try connection.run(connection.statement("BEGIN IMMEDIATE"))
            do {
                for append in appends { try insert(append, connection) }
            } catch {
                try connection.run(connection.statement("ROLLBACK"))
                throw error
            }
            try connection.run(connection.statement("COMMIT"))
        }
    }

    private func insert(_ append: SampleAppend, _ connection: borrowing SQLiteConnection) throws {
        let stream = sample.streamID(append.stream)
        guard try version(of: stream, connection) == append.after else { throw BenchmarkError("SQLite: a conflict") }
        let statement = try connection.statement(SQLiteSchema.insert)
        let now = PeerRecord.now()
        for (index, event) in append.events.enumerated() {
            let template = sample.templates[event.template]
            statement.bind(1, text: sample.aggregateType)
            stream.withKey { statement.bind(2, blob: $0) }
            statement.bind(3, Int64(append.after + index + 1))
            event.id.withKey { statement.bind(4, blob: $0) }
            statement.bind(5, text: template.type)
            statement.bind(6, now)
            statement.bind(7, now)
            statement.bind(8, template.metadataBytes)
            statement.bind(9, template.payload)
            try connection.run(statement)
        }
    }

    private func version(of stream: SampleID, _ connection: borrowing SQLiteConnection) throws -> Int {
        let statement = try connection.statement(SQLiteSchema.version)
        stream.withKey { statement.bind(1, blob: $0) }
        statement.bind(2, text: sample.aggregateType)
        defer { statement.reset() }
        return try connection.step(statement) ? Int(statement.integer(0)) : 0
    }

    func version(of stream: Int) throws -> Int {
        try reader.withLock { try version(of: sample.streamID(stream), $0) }
    }

    func contains(_ id: SampleID) throws -> Bool {
        try reader.withLock { connection in
            let statement = try connection.statement(SQLiteSchema.contains)
            id.withKey { statement.bind(1, blob: $0) }
            defer { statement.reset() }
            return try connection.step(statement)
        }
    }

    func readStream(_ stream: Int, count: Int) throws -> Int {
        try reader.withLock { connection in
            let statement = try connection.statement(SQLiteSchema.stream)
            sample.streamID(stream).withKey { statement.bind(1, blob: $0) }
            statement.bind(2, text: sample.aggregateType)
            statement.bind(3, Int64(count))
            return try connection.count(statement)
        }
    }

    func readFeed() throws -> Int {
        try reader.withLock { connection in
            let statement = try connection.statement(SQLiteSchema.feed)
            statement.bind(1, 0)
            return try connection.count(statement)
        }
    }

    func settle() throws {
        try writer.withLock { try $0.execute("PRAGMA wal_checkpoint(TRUNCATE)") }
    }

    func close() {
        reader.withLock { $0.close() }
        writer.withLock { $0.close() }
    }
}
