/// Takes over what another store holds.
///
/// What this is for is moving to another store: `EventCopying` does it, together with ``ReleaseReading``.
public protocol EventImporting: Sendable {
    /// Stores changes of another store, in their order.
    ///
    /// A commit gets the versions that it had. Its `storedAt` is the one it had, or the last one of this store where that
    /// is later, so that the order of `storedAt` holds. Positions are this store's own. A release makes its stream's status
    /// ``StreamStatus/takingOverReleases(of:)``; where that changes nothing, nothing is stored.
    ///
    /// The changes are stored in the order given. Where one of them fails, none behind it is stored; those before it may
    /// be.
    ///
    /// - Parameter changes: any number of them; all are in memory at once.
    /// - Throws: ``EventStoreError/Code/versionConflict`` where a commit's stream is not at the version before it,
    ///   ``EventStoreError/Code/streamDeleted``, ``EventStoreError/Code/duplicateEventID``,
    ///   ``EventStoreError/Code/invalidArgument``, ``EventStoreError/Code/outcomeUnknown`` where it cannot be said how many
    ///   changes are stored, and the codes of failed writing.
    func importChanges(_ changes: [ImportedChange]) async throws(EventStoreError)
}

/// Tells which streams have released events.
public protocol ReleaseReading: Sendable {
    /// The streams of which events were released, and those with a tombstone, each with its status.
    ///
    /// Memory grows with their number. Every release that had returned before the call is among them.
    func releasedStreams() async throws(EventStoreError) -> [StreamID: StreamStatus]
}

/// A store that can be copied from, and to.
public typealias CopyableEventStore = EventStore & EventImporting & ReleaseReading
