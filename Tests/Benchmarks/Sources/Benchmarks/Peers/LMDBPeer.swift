import CLMDB
import Glibc

/// LMDB: events by position, appended at the end of their tree; positions by stream as sorted duplicates of fixed width,
/// so that a stream's version is their number; positions by event id.
final class LMDBPeer: PeerStore, @unchecked Sendable {
    // Sendable because nothing changes after the initialiser, and an environment may be used by all threads.
    private let environment: OpaquePointer
    private let events: MDB_dbi
    private let streams: MDB_dbi
    private let ids: MDB_dbi
    private let sample: EventSample

    init(path: String, sample: EventSample, durability: PeerDurability) throws {
        self.sample = sample
        var created: OpaquePointer?
        try Self.check(mdb_env_create(&created))
        guard let created else { throw BenchmarkError("LMDB: no environment") }
        environment = created
        try Self.check(mdb_env_set_mapsize(environment, 128 << 30))
        try Self.check(mdb_env_set_maxdbs(environment, 3))
        let flags = durability == .synced ? 0 : UInt32(MDB_NOSYNC)
        try Self.check(mdb_env_open(environment, path, flags | UInt32(MDB_NOTLS), 0o600))
        var transaction: OpaquePointer?
        try Self.check(mdb_txn_begin(environment, nil, 0, &transaction))
        (events, streams, ids) = (
            try Self.open("events", MDB_INTEGERKEY, transaction),
            try Self.open("streams", MDB_DUPSORT | MDB_DUPFIXED | MDB_INTEGERDUP, transaction),
            try Self.open("ids", 0, transaction)
        )
        try Self.check(mdb_txn_commit(transaction))
    }

    private static func open(_ name: String, _ flags: Int32, _ transaction: OpaquePointer?) throws -> MDB_dbi {
        var database: MDB_dbi = 0
        try check(mdb_dbi_open(transaction, name, UInt32(flags | MDB_CREATE), &database))
        return database
    }

    func append(_ append: SampleAppend) throws {
        try load([append])
    }

    func load(_ appends: [SampleAppend]) throws {
        var transaction: OpaquePointer?
        try Self.check(mdb_txn_begin(environment, nil, 0, &transaction))
        do {
            var position = try lastPosition(transaction)
            var record: [UInt8] = []
            for append in appends { try put(append, &position, &record, transaction) }
        } catch {
            mdb_txn_abort(transaction)
            throw error
        }
        try Self.check(mdb_txn_commit(transaction))
    }

    private func lastPosition(_ transaction: OpaquePointer?) throws -> UInt {
        try withCursor(events, transaction) { cursor in
            var key = MDB_val()
            var value = MDB_val()
            guard mdb_cursor_get(cursor, &key, &value, MDB_LAST) == 0 else { return 0 }
            return key.mv_data.loadUnaligned(as: UInt.self)
        }
    }

    private func put(
        _ append: SampleAppend, _ position: inout UInt, _ record: inout [UInt8], _ transaction: OpaquePointer?
    ) throws {
        let stream = sample.streamID(append.stream)
        guard try version(of: stream, transaction) == append.after else { throw BenchmarkError("LMDB: a conflict") }
        let now = PeerRecord.now()
        for (index, event) in append.events.enumerated() {
            position += 1
            record.removeAll(keepingCapacity: true)
            PeerRecord.encode(
                event, of: sample.templates[event.template], stream: stream, version: append.after + index + 1,
                storedAt: now, into: &record)
            try withUnsafeBytes(of: position) { place in
                try event.id.withKey { try put(ids, $0, place, MDB_NOOVERWRITE, transaction) }
                try stream.withKey { try put(streams, $0, place, MDB_APPENDDUP, transaction) }
                try record.withUnsafeBytes { try put(events, place, $0, MDB_APPEND, transaction) }
            }
        }
    }

    private func put(
        _ database: MDB_dbi, _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, _ flags: Int32,
        _ transaction: OpaquePointer?
    ) throws {
        var key = MDB_val(key)
        var value = MDB_val(value)
        try Self.check(mdb_put(transaction, database, &key, &value, UInt32(flags)))
    }

    private func version(of stream: SampleID, _ transaction: OpaquePointer?) throws -> Int {
        try withCursor(streams, transaction) { cursor in
            try stream.withKey { bytes in
                var key = MDB_val(bytes)
                var value = MDB_val()
                let answer = mdb_cursor_get(cursor, &key, &value, MDB_SET)
                guard answer != MDB_NOTFOUND else { return 0 }
                try Self.check(answer)
                var count = 0
                try Self.check(mdb_cursor_count(cursor, &count))
                return count
            }
        }
    }

    private func withCursor<Result>(
        _ database: MDB_dbi, _ transaction: OpaquePointer?, _ body: (OpaquePointer?) throws -> Result
    ) throws -> Result {
        var cursor: OpaquePointer?
        try Self.check(mdb_cursor_open(transaction, database, &cursor))
        defer { mdb_cursor_close(cursor) }
        return try body(cursor)
    }

    private func reading<Result>(_ body: (OpaquePointer?) throws -> Result) throws -> Result {
        var transaction: OpaquePointer?
        try Self.check(mdb_txn_begin(environment, nil, UInt32(MDB_RDONLY), &transaction))
        defer { mdb_txn_abort(transaction) }
        return try body(transaction)
    }

    func version(of stream: Int) throws -> Int {
        try reading { try version(of: sample.streamID(stream), $0) }
    }

    func contains(_ id: SampleID) throws -> Bool {
        try reading { transaction in
            id.withKey { bytes in
                var key = MDB_val(bytes)
                var value = MDB_val()
                return mdb_get(transaction, ids, &key, &value) == 0
            }
        }
    }

    func readStream(_ stream: Int, count: Int) throws -> Int {
        try reading { transaction in
            try withCursor(streams, transaction) { cursor in
                try sample.streamID(stream).withKey { bytes in
                    var key = MDB_val(bytes)
                    var positions = MDB_val()
                    guard mdb_cursor_get(cursor, &key, &positions, MDB_SET) == 0 else { return 0 }
                    var read = 0
                    var answer = mdb_cursor_get(cursor, &key, &positions, MDB_GET_MULTIPLE)
                    while read < count, answer == 0 {
                        try touch(positions, limit: count - read, &read, transaction)
                        answer = mdb_cursor_get(cursor, &key, &positions, MDB_NEXT_MULTIPLE)
                    }
                    return read
                }
            }
        }
    }

    private func touch(_ positions: MDB_val, limit: Int, _ read: inout Int, _ transaction: OpaquePointer?) throws {
        var sum: UInt64 = 0
        for index in 0..<min(limit, positions.mv_size / 8) {
            var key = MDB_val(mv_size: 8, mv_data: positions.mv_data + index * 8)
            var value = MDB_val()
            try Self.check(mdb_get(transaction, events, &key, &value))
            sum &+= PeerRecord.touch(UnsafeRawBufferPointer(start: value.mv_data, count: value.mv_size))
            read += 1
        }
        keep(sum)
    }

    func readFeed() throws -> Int {
        try reading { transaction in
            try withCursor(events, transaction) { cursor in
                var count = 0
                var sum: UInt64 = 0
                var key = MDB_val()
                var value = MDB_val()
                while mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0 {
                    sum &+= PeerRecord.touch(UnsafeRawBufferPointer(start: value.mv_data, count: value.mv_size))
                    count += 1
                }
                keep(sum)
                return count
            }
        }
    }

    func settle() throws {
        try Self.check(mdb_env_sync(environment, 1))
    }

    func close() {
        mdb_env_close(environment)
    }

    private static func check(_ answer: Int32) throws {
        guard answer == 0 else { throw BenchmarkError("LMDB: \(String(cString: mdb_strerror(answer)))") }
    }
}

extension MDB_val {
    fileprivate init(_ bytes: UnsafeRawBufferPointer) {
        self.init(mv_size: bytes.count, mv_data: UnsafeMutableRawPointer(mutating: bytes.baseAddress))
    }
}
