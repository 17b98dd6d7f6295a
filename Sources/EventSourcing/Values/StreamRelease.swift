/// What a caller asks of a stream that is to give up events.
public enum StreamRelease: Hashable, Sendable {
    /// See ``StreamDeleting/truncate(_:before:expecting:)``.
    case truncation(before: Int)
    /// See ``StreamDeleting/delete(_:mode:expecting:)``.
    case deletion(DeletionMode)

    /// What the stream is behind the release; `status` itself where there is nothing to do.
    ///
    /// This is the whole decision, and the same for every store: where the statuses differ, the store has to store the
    /// new one.
    ///
    /// - Parameters:
    ///   - status: the stream as it is.
    ///   - stream: its name, for errors.
    ///   - expected: what its version must be.
    /// - Throws: ``EventStoreError/Code/streamDeleted``, ``EventStoreError/Code/versionConflict`` and
    ///   ``EventStoreError/Code/invalidArgument``, as ``StreamDeleting`` says.
    public func status(
        behind status: StreamStatus, of stream: StreamID, expecting expected: ExpectedVersion
    ) throws(EventStoreError) -> StreamStatus {
        if status.isTombstoned, self != .deletion(.tombstone) { throw .deleted(stream) }
        guard expected.allows(status) else {
            throw .conflict(in: stream, expected: expected, actual: status.version)
        }
        switch self {
        case .deletion(.tombstone): return status.tombstoned
        case .deletion(.soft): return status.truncated(before: status.version + 1)
        case .truncation(let version):
            guard version >= 1, version <= status.version + 1 else {
                throw EventStoreError(
                    .invalidArgument,
                    "a stream at version \(status.version) can be truncated before version 1 to \(status.version + 1), "
                        + "not \(version)", stream: stream, actualVersion: status.version)
            }
            return status.truncated(before: version)
        }
    }
}
