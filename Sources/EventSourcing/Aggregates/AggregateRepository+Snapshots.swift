extension AggregateRepository {
    /// Stores a snapshot of an aggregate's stored events now, whatever the policy. Events that are recorded but not
    /// saved are not in it.
    ///
    /// - Returns: the snapshot.
    /// - Throws: ``EventStoreError/Code/unsupported`` without a snapshot store,
    ///   ``EventStoreError/Code/invalidArgument`` where nothing is stored yet,
    ///   ``EventStoreError/Code/encodingFailed``, and what ``SnapshotStore/save(_:)`` throws.
    @discardableResult
    public func createSnapshot(of aggregate: AggregateRoot<State>) async throws(EventStoreError) -> Snapshot {
        guard let snapshotStore else {
            throw EventStoreError(.unsupported, "the repository has no snapshot store", stream: aggregate.stream)
        }
        guard aggregate.committedVersion > 0 else {
            throw EventStoreError(
                .invalidArgument, "an aggregate without stored events has no snapshot", stream: aggregate.stream)
        }
        let snapshot = try encodeSnapshot(
            of: aggregate.committedState, at: aggregate.committedVersion, of: aggregate.stream)
        try await snapshotStore.save(snapshot)
        return snapshot
    }

    /// How many background snapshots may still be on their way: those that had not finished when the latest save that
    /// called for one began it, that one included.
    ///
    /// One that finishes is counted until the next such save or ``awaitPendingSnapshots()``, so that behind a save it
    /// does not depend on chance whether its snapshot is counted.
    public var pendingSnapshotCount: Int { background.count }

    /// Waits until all background snapshots that have begun are stored or have failed.
    ///
    /// - Returns: how many ``pendingSnapshotCount`` counted.
    @discardableResult
    public func awaitPendingSnapshots() async -> Int {
        await background.awaitAll()
    }

    /// Takes the snapshot that saving an aggregate's uncommitted events calls for.
    func snapshotIfDue(_ saved: AggregateRoot<State>) async {
        guard
            let snapshotStore,
            let version = snapshotPolicy.snapshotVersion(savingFrom: saved.committedVersion, to: saved.version)
        else { return }
        let state = saved.state(at: version)
        let stream = saved.stream
        let take: @Sendable () async -> Void = {
            do throws(EventStoreError) {
                try await snapshotStore.save(encodeSnapshot(of: state, at: version, of: stream))
            } catch {
                warnings.warn(.saveFailed, stream, error)
            }
        }
        if case .background = snapshotPolicy {
            background.begin(version, of: stream, store: take)
        } else {
            await take()
        }
    }

    /// The snapshot, its state and version, if it is there, of the present schema version, and decodes.
    func usableSnapshot(of stream: StreamID) async -> (state: State, version: Int, stored: Snapshot)? {
        guard let snapshotStore else { return nil }
        let snapshot: Snapshot
        do {
            guard let latest = try await snapshotStore.latest(for: stream) else { return nil }
            snapshot = latest
        } catch {
            warnings.warn(.loadFailed, stream, error)
            return nil
        }
        guard snapshot.schemaVersion == State.schemaVersion else { return nil }
        do throws(EventStoreError) {
            guard snapshot.stream == stream, snapshot.version >= 1 else {
                throw EventStoreError(.damaged, "the snapshot is of another stream or version", stream: stream)
            }
            let codec = try registry.codec(for: snapshot.contentType)
            return (try codec.decodeState(State.self, from: snapshot.state), snapshot.version, snapshot)
        } catch {
            warnings.warn(.undecodable, stream, error)
            await discard(snapshot)
            return nil
        }
    }

    /// Deletes a snapshot that is ahead of its stream, where it is still the one that is kept.
    ///
    /// A store keeps the snapshot with the higher version, so it would stand in the way of those that can be used, and once the
    /// stream has got as far it would pass for the state of other events. Where deleting fails, it does.
    ///
    /// Any other one stays: the next snapshot takes its place, and it may be all that is left of the aggregate, because another
    /// process may be able to decode it and have released events since we looked.
    func discard(_ snapshot: Snapshot) async {
        guard let status = try? await store.status(of: snapshot.stream), snapshot.version > status.version else {
            return
        }
        _ = try? await snapshotStore?.delete(snapshot)
    }

    private func encodeSnapshot(
        of state: State, at version: Int, of stream: StreamID
    ) throws(EventStoreError) -> Snapshot {
        Snapshot(
            stream: stream, version: version, schemaVersion: State.schemaVersion, createdAt: clock(),
            contentType: registry.codec.contentType, state: try registry.codec.encodeState(state))
    }
}
