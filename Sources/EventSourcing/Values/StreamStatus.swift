/// How far a stream reaches, and what is left of it.
public struct StreamStatus: Hashable, Sendable {
    /// The version of the last event that was appended, released or not; 0 for a stream that never had one.
    public let version: Int
    /// The lowest version that can still be read; where no event is left, the version that the next one will have.
    public let firstVersion: Int
    /// Whether events were released before ones that are left: what remains does not tell the aggregate's whole life.
    ///
    /// False for a stream that began again behind a soft deletion, whose new life is whole.
    public let isTruncated: Bool
    /// Whether the stream can never be appended to again.
    public let isTombstoned: Bool

    /// - Parameters:
    ///   - version: the version of the last event that was appended.
    ///   - firstVersion: the lowest version that can still be read, or `version + 1`.
    ///   - isTruncated: whether events were released before ones that are left.
    ///   - isTombstoned: whether the stream can never be appended to again.
    public init(version: Int, firstVersion: Int = 1, isTruncated: Bool = false, isTombstoned: Bool = false) {
        self.version = version
        self.firstVersion = firstVersion
        self.isTruncated = isTruncated
        self.isTombstoned = isTombstoned
    }

    /// Whether the stream has no event that can be read: it never had one, or all of them were released.
    public var isEmpty: Bool { firstVersion > version }
}

extension StreamStatus {
    /// The status behind a truncation.
    ///
    /// - Parameter version: as in ``StreamDeleting/truncate(_:before:expecting:)``, within its bounds.
    public func truncated(before version: Int) -> StreamStatus {
        guard version > firstVersion else { return self }
        return StreamStatus(
            version: self.version, firstVersion: version, isTruncated: version <= self.version,
            isTombstoned: isTombstoned)
    }

    /// The status behind a tombstone.
    public var tombstoned: StreamStatus {
        StreamStatus(version: version, firstVersion: version + 1, isTombstoned: true)
    }
}
