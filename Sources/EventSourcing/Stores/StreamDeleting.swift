/// Releases events: those at a stream's front, or all of them.
///
/// A released event is gone for readers once the call returns: from its stream, from the feed, from its category and
/// from look-ups. Its id counts as absent, and may be stored again. What remains keeps its versions and positions, the
/// stream keeps its version, and the store its last position. A read that is under way may leave the event out. Released
/// events never come back.
public protocol StreamDeleting: Sendable {
    /// Releases the events of a stream below a version.
    ///
    /// Where all events below are released already, nothing changes. A truncation before the version behind the last one
    /// releases all events, and is a soft deletion; see ``delete(_:mode:expecting:)``. An aggregate that is loaded from
    /// its snapshot needs the event at the snapshot's version: truncate before that one, not behind it.
    ///
    /// - Parameters:
    ///   - stream: whose events are released.
    ///   - version: the lowest version that stays, from 1 up to the version behind the last one.
    ///   - expected: what the stream's version must be. With `any` and `exactly`, a call whose outcome is unknown can be
    ///     repeated.
    /// - Returns: the stream behind the truncation, and what the truncation survives from now on.
    /// - Throws: ``EventStoreError/Code/streamDeleted`` for a stream with a tombstone, whatever is expected;
    ///   ``EventStoreError/Code/versionConflict`` with both versions; ``EventStoreError/Code/invalidArgument`` for a bad
    ///   name and for a version out of bounds; ``EventStoreError/Code/outcomeUnknown`` where it cannot be said whether
    ///   the events are released. With every other code nothing was.
    @discardableResult
    func truncate(
        _ stream: StreamID, before version: Int, expecting expected: ExpectedVersion
    ) async throws(EventStoreError) -> DeletionResult

    /// Releases all events of a stream.
    ///
    /// After a soft deletion the stream is as if it were not there, except that its version stays: `noStream` lets an
    /// append in, which goes on behind the last version. A stream without events stays as it is. A tombstone may also
    /// stand in for a stream that never had an event; a second one changes nothing.
    ///
    /// - Parameters:
    ///   - stream: whose events are released.
    ///   - mode: whether the stream may begin again.
    ///   - expected: what the stream's version must be. With `any` and `exactly`, a call whose outcome is unknown can be
    ///     repeated.
    /// - Returns: the stream behind the deletion, and what the deletion survives from now on.
    /// - Throws: ``EventStoreError/Code/streamDeleted`` for a soft deletion of a stream with a tombstone, whatever is
    ///   expected; otherwise as ``truncate(_:before:expecting:)``.
    @discardableResult
    func delete(
        _ stream: StreamID, mode: DeletionMode, expecting expected: ExpectedVersion
    ) async throws(EventStoreError) -> DeletionResult
}
