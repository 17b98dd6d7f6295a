import Synchronization

/// An embedded database, set up as an event table with optimistic concurrency: events by position, an index by stream and
/// version, a unique index by event id, and the check that the stream is at the expected version.
///
/// All calls block. ``append(_:)`` is called by several threads at once; reads by one.
protocol PeerStore: AnyObject, Sendable {
    /// Appends events to a stream in one transaction, as durably as the peer was set up.
    func append(_ append: SampleAppend) throws
    /// Appends to several streams in one transaction: for filling a store.
    func load(_ appends: [SampleAppend]) throws
    /// Reads the first events of a stream and touches every field; returns how many there were.
    func readStream(_ stream: Int, count: Int) throws -> Int
    /// Reads all events in the order of their positions and touches every field; returns how many there were.
    func readFeed() throws -> Int
    func version(of stream: Int) throws -> Int
    func contains(_ id: SampleID) throws -> Bool
    /// Ends what goes on in the background after filling, so that it disturbs no measurement.
    func settle() throws
    func close()
}

/// What an append to a peer has survived when it returns.
enum PeerDurability: Sendable {
    /// A loss of power.
    case synced
    /// The death of the process.
    case written
}

/// The peers that can be compared.
enum PeerKind: String, CaseIterable, Sendable {
    case sqlite = "SQLite"
    case grdb = "GRDB"
    case rocksDB = "RocksDB"
    case rocksDBSerial = "RocksDB, one lock"
    case lmdb = "LMDB"

    func open(at path: String, sample: EventSample, durability: PeerDurability) throws -> any PeerStore {
        switch self {
        case .sqlite: try SQLitePeer(path: path, sample: sample, durability: durability)
        case .grdb: try GRDBPeer(path: path, sample: sample, durability: durability)
        case .rocksDB: try RocksDBPeer(path: path, sample: sample, durability: durability, joinsWrites: true)
        case .rocksDBSerial: try RocksDBPeer(path: path, sample: sample, durability: durability, joinsWrites: false)
        case .lmdb: try LMDBPeer(path: path, sample: sample, durability: durability)
        }
    }
}
