public import EventSourcing

/// What a copy did, and how source and destination compare.
public struct CopyReport: Hashable, Sendable {
    /// Events that this run stored in the destination.
    public internal(set) var eventsCopied = 0
    /// Events that the destination holds.
    public internal(set) var events = 0
    /// Streams with events.
    public internal(set) var streams = 0
    /// Streams of which events were released, and those with a tombstone.
    public internal(set) var releasedStreams = 0
    /// Snapshots that this run stored in the destination, or deleted there.
    public internal(set) var snapshotsCopied = 0
    /// Snapshots that both stores hold.
    public internal(set) var snapshots = 0
    /// Everything that is not the same in both stores; the first thousand.
    public internal(set) var differences: [CopyDifference] = []
    /// How many there are.
    public internal(set) var differenceCount = 0

    /// Whether the destination holds what the source held.
    public var isIdentical: Bool { differenceCount == 0 }

    static let differenceLimit = 1_000

    mutating func add(_ difference: CopyDifference) {
        differenceCount += 1
        if differences.count < Self.differenceLimit { differences.append(difference) }
    }
}

/// Something that is not the same in source and destination.
public enum CopyDifference: Hashable, Sendable {
    /// A stream's events.
    case events(StreamID)
    /// What was released of a stream, or its tombstone.
    case release(StreamID)
    /// A stream's snapshot.
    case snapshot(StreamID)
    /// The order of events of different streams.
    case order
}
