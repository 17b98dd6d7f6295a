/// Keeps the latest snapshot of each aggregate: a cache, which may lose snapshots but never mixes them up.
public protocol SnapshotStore: Sendable {
    /// Keeps a snapshot in place of the aggregate's earlier one.
    ///
    /// A snapshot of the same schema version and a higher version stays: snapshots made side by side may arrive
    /// out of order.
    ///
    /// - Throws: ``EventStoreError/Code/invalidArgument`` beyond ``EventLimits``, and the codes of failed writing.
    func save(_ snapshot: Snapshot) async throws(EventStoreError)

    /// The aggregate's snapshot, or nil; a damaged one counts as absent.
    func latest(for stream: StreamID) async throws(EventStoreError) -> Snapshot?

    /// Whether the aggregate has a snapshot.
    func exists(for stream: StreamID) async throws(EventStoreError) -> Bool

    /// Deletes the aggregate's snapshot.
    ///
    /// - Returns: whether there was one.
    @discardableResult
    func delete(for stream: StreamID) async throws(EventStoreError) -> Bool

    /// Deletes a snapshot, unless the aggregate has another one by now.
    ///
    /// Without an implementation of its own, a store looks and deletes in two steps, and loses a snapshot that is saved in
    /// between. All stores of this package do both in one.
    ///
    /// - Returns: whether it was there.
    @discardableResult
    func delete(_ snapshot: Snapshot) async throws(EventStoreError) -> Bool

    /// Deletes all snapshots of an aggregate type.
    ///
    /// - Parameters:
    ///   - aggregateType: the aggregate type.
    ///   - schemaVersionBelow: where given, only snapshots of a lower schema version.
    /// - Returns: how many were deleted.
    @discardableResult
    func deleteAll(
        ofType aggregateType: String, schemaVersionBelow: Int?
    ) async throws(EventStoreError) -> Int
}

extension SnapshotStore {
    /// Deletes all snapshots of an aggregate type; see ``deleteAll(ofType:schemaVersionBelow:)``.
    @discardableResult
    public func deleteAll(ofType aggregateType: String) async throws(EventStoreError) -> Int {
        try await deleteAll(ofType: aggregateType, schemaVersionBelow: nil)
    }

    @discardableResult
    public func delete(_ snapshot: Snapshot) async throws(EventStoreError) -> Bool {
        guard try await latest(for: snapshot.stream) == snapshot else { return false }
        return try await delete(for: snapshot.stream)
    }

    public func exists(for stream: StreamID) async throws(EventStoreError) -> Bool {
        try await latest(for: stream) != nil
    }
}
