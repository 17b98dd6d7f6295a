import CRocksDB
import Glibc
import Synchronization

/// RocksDB with four column families: events by position, positions by stream and version, versions by stream, and
/// positions by event id behind a Bloom filter.
///
/// A lock a stream (striped) keeps its version from being passed twice; writes of different streams go to RocksDB side by
/// side, and its write thread joins them to one group with one sync. With `joinsWrites` off, one lock lets in one
/// append at a time.
final class RocksDBPeer: PeerStore {
    private static let stripes = 256

    private let database: RocksDBDatabase
    private let sample: EventSample
    private let lastPosition: Atomic<UInt64>
    private let locks: [Stripe]

    private final class Stripe: Sendable {
        let mutex = Mutex(())
    }

    init(path: String, sample: EventSample, durability: PeerDurability, joinsWrites: Bool) throws {
        self.sample = sample
        database = try RocksDBDatabase(path: path, syncs: durability == .synced)
        lastPosition = Atomic(try database.lastPosition())
        locks = (0..<(joinsWrites ? Self.stripes : 1)).map { _ in Stripe() }
    }

    func append(_ append: SampleAppend) throws {
        try locks[append.stream % locks.count].mutex.withLock { _ in
            let batch = RocksDBBatch()
            try put(append, into: batch)
            try database.write(batch)
        }
    }

    func load(_ appends: [SampleAppend]) throws {
        // One writer fills the store; a stream may come up twice in a batch, so that its version is not looked up.
        let batch = RocksDBBatch()
        for append in appends { add(append, to: batch) }
        try database.write(batch)
    }

    private func put(_ append: SampleAppend, into batch: RocksDBBatch) throws {
        let stream = sample.streamID(append.stream)
        guard try version(of: stream) == append.after else { throw BenchmarkError("RocksDB: a conflict") }
        for event in append.events where try contains(event.id) { throw BenchmarkError("RocksDB: a duplicate") }
        add(append, to: batch)
    }

    private func add(_ append: SampleAppend, to batch: RocksDBBatch) {
        let stream = sample.streamID(append.stream)
        let count = append.events.count
        let first = lastPosition.wrappingAdd(UInt64(count), ordering: .relaxed).oldValue + 1
        let now = PeerRecord.now()
        var record: [UInt8] = []
        for (index, event) in append.events.enumerated() {
            let version = append.after + index + 1
            record.removeAll(keepingCapacity: true)
            PeerRecord.encode(
                event, of: sample.templates[event.template], stream: stream, version: version, storedAt: now,
                into: &record)
            withUnsafeBytes(of: (first + UInt64(index)).bigEndian) { position in
                record.withUnsafeBytes { batch.put(database.events, position, $0) }
                event.id.withKey { batch.put(database.ids, $0, position) }
                let key = (stream.high.bigEndian, stream.low.bigEndian, UInt64(version).bigEndian)
                withUnsafeBytes(of: key) { batch.put(database.streams, $0, position) }
            }
        }
        withUnsafeBytes(of: UInt64(append.after + count)) { version in
            stream.withKey { batch.put(database.versions, $0, version) }
        }
    }

    private func version(of stream: SampleID) throws -> Int {
        try stream.withKey { key in
            try database.get(database.versions, key) { Int($0.loadUnaligned(as: UInt64.self)) } ?? 0
        }
    }

    func version(of stream: Int) throws -> Int {
        try version(of: sample.streamID(stream))
    }

    func contains(_ id: SampleID) throws -> Bool {
        try id.withKey { key in try database.get(database.ids, key) { _ in true } ?? false }
    }

    func readStream(_ stream: Int, count: Int) throws -> Int {
        let id = sample.streamID(stream)
        var read = 0
        var sum: UInt64 = 0
        try id.withKey { prefix in
            var failure: (any Error)?
            database.walk(database.streams, from: prefix) { key, position in
                guard read < count, key.starts(with: prefix) else { return false }
                do {
                    sum &+= try database.get(database.events, position) { PeerRecord.touch($0) } ?? 0
                } catch {
                    failure = error
                    return false
                }
                read += 1
                return true
            }
            if let failure { throw failure }
        }
        keep(sum)
        return read
    }

    func readFeed() throws -> Int {
        var count = 0
        var sum: UInt64 = 0
        database.walk(database.events, from: nil) { _, value in
            sum &+= PeerRecord.touch(value)
            count += 1
            return true
        }
        keep(sum)
        return count
    }

    func settle() throws {
        database.compact()
    }

    func close() {
        database.close()
    }
}
