import EventSourcing
import Foundation
import GRDB

/// SQLite through GRDB: a pool in WAL mode, cached statements, rows read by column.
final class GRDBPeer: PeerStore {
    private let pool: DatabasePool
    private let sample: EventSample

    init(path: String, sample: EventSample, durability: PeerDurability) throws {
        self.sample = sample
        var configuration = Configuration()
        configuration.prepareDatabase { database in
            for pragma in SQLiteSchema.tuning { try database.execute(sql: pragma) }
        }
        pool = try DatabasePool(path: path + "/events.sqlite", configuration: configuration)
        try pool.writeWithoutTransaction { database in
            // The pool sets NORMAL, which would sync nothing at a commit.
            try database.execute(sql: SQLiteSchema.synchronous(durability))
            try database.execute(sql: SQLiteSchema.tables)
        }
    }

    func append(_ append: SampleAppend) throws {
        try load([append])
    }

    func load(_ appends: [SampleAppend]) throws {
        try pool.write { database in
            for append in appends { try insert(append, database) }
        }
    }

    private func insert(_ append: SampleAppend, _ database: Database) throws {
        let stream = Data(sample.streamID(append.stream))
        guard try version(of: stream, database) == append.after else { throw BenchmarkError("GRDB: a conflict") }
        let statement = try database.cachedStatement(sql: SQLiteSchema.insert)
        let now = PeerRecord.now()
        for (index, event) in append.events.enumerated() {
            let template = sample.templates[event.template]
            try statement.execute(arguments: [
                sample.aggregateType, stream, append.after + index + 1, Data(event.id), template.type, now, now,
                Data(template.metadataBytes), Data(template.payload),
            ])
        }
    }

    private func version(of stream: Data, _ database: Database) throws -> Int {
        let statement = try database.cachedStatement(sql: SQLiteSchema.version)
        return try Int.fetchOne(statement, arguments: [stream, sample.aggregateType]) ?? 0
    }

    func version(of stream: Int) throws -> Int {
        try pool.read { try version(of: Data(sample.streamID(stream)), $0) }
    }

    func contains(_ id: SampleID) throws -> Bool {
        try pool.read { database in
            let statement = try database.cachedStatement(sql: SQLiteSchema.contains)
            return try Int.fetchOne(statement, arguments: [Data(id)]) != nil
        }
    }

    func readStream(_ stream: Int, count: Int) throws -> Int {
        try pool.read { database in
            let statement = try database.cachedStatement(sql: SQLiteSchema.stream)
            return try Self.count(statement, [Data(sample.streamID(stream)), sample.aggregateType, count])
        }
    }

    func readFeed() throws -> Int {
        try pool.read { database in
            try Self.count(try database.cachedStatement(sql: SQLiteSchema.feed), [0])
        }
    }

    private static func count(_ statement: Statement, _ arguments: StatementArguments) throws -> Int {
        let rows = try GRDB.Row.fetchCursor(statement, arguments: arguments)
        var count = 0
        var sum: Int64 = 0
        while let row = try rows.next() {
            for column in [0, 1, 4, 5, 6, 7] { sum &+= row[column] as Int64 }
            for column in [2, 3, 8, 9] {
                try row.withUnsafeData(atIndex: column) { data in sum &+= Int64(data?.last ?? 0) }
            }
            count += 1
        }
        keep(sum)
        return count
    }

    func settle() throws {
        try pool.writeWithoutTransaction { database in _ = try database.checkpoint(.truncate) }
    }

    func close() {
        try? pool.close()
    }
}

extension Data {
    fileprivate init(_ id: SampleID) {
        self = id.withKey { Data($0) }
    }

    fileprivate init(_ bytes: Bytes) {
        self = bytes.withSpan { span in span.withUnsafeBytes { Data($0) } }
    }
}
