/// What a store takes over from another one.
public enum ImportedChange: Hashable, Sendable {
    /// Events that were appended together.
    case commit(ImportedCommit)
    /// A stream's events that were released, or its tombstone: the stream's status where it comes from.
    case release(StreamStatus, of: StreamID)

    /// The stream that changes.
    public var stream: StreamID {
        switch self {
        case .commit(let commit): commit.stream
        case .release(_, let stream): stream
        }
    }
}

/// Events of one stream that another store took together, with their versions and their time.
public struct ImportedCommit: Hashable, Sendable {
    /// Whose events they are.
    public let stream: StreamID
    /// The version of the first of them.
    public let firstVersion: Int
    /// When the other store took them.
    public let storedAt: Timestamp
    /// One or more, within ``EventLimits``.
    public let events: [NewEvent]

    public init(_ events: [NewEvent], to stream: StreamID, firstVersion: Int, storedAt: Timestamp) {
        self.stream = stream
        self.firstVersion = firstVersion
        self.storedAt = storedAt
        self.events = events
    }

    /// What must be true of the stream.
    public var expectedVersion: ExpectedVersion { .exactly(firstVersion - 1) }
}

extension StreamStatus {
    /// The status of a stream that releases what another store has released of it, and keeps the rest.
    ///
    /// Versions that the stream never had count as released with the others, so that it goes on behind them.
    ///
    /// - Parameter source: the stream's status in the other store.
    public func takingOverReleases(of source: StreamStatus) -> StreamStatus {
        guard !isTombstoned, source.isTombstoned || source.firstVersion > firstVersion else { return self }
        let version = max(version, source.firstVersion - 1)
        return StreamStatus(
            version: version, firstVersion: source.isTombstoned ? version + 1 : source.firstVersion,
            isTruncated: source.isTruncated, isTombstoned: source.isTombstoned)
    }
}
