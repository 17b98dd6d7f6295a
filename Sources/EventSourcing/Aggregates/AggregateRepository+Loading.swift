public import FoundationEssentials

extension AggregateRepository {
    /// An aggregate as its events made it.
    ///
    /// Reads the snapshot, if there is a usable one, and the events behind it. One that is missing, damaged, of
    /// another schema version, ahead of its stream, or of an event that was released means that all events are read.
    ///
    /// - Throws: ``EventStoreError/Code/aggregateNotFound`` where it has no events: it never had one, or was softly
    ///   deleted; ``EventStoreError/Code/streamDeleted`` where its stream has a tombstone;
    ///   ``EventStoreError/Code/streamTruncated`` where events were released that no usable snapshot stands in for;
    ///   what ``EventRegistry/decode(_:as:)`` throws, and the codes of failed reading.
    public func load(_ id: UUID) async throws(EventStoreError) -> AggregateRoot<State> {
        let (aggregate, exists) = try await find(id)
        guard exists else {
            throw EventStoreError(.aggregateNotFound, "the aggregate has no events", stream: aggregate.stream)
        }
        return aggregate
    }

    /// An aggregate as its events made it, or a new one where it has none.
    ///
    /// One that was softly deleted begins anew behind its last version.
    ///
    /// - Throws: as ``load(_:)``, apart from ``EventStoreError/Code/aggregateNotFound``.
    public func loadOrCreate(_ id: UUID) async throws(EventStoreError) -> AggregateRoot<State> {
        try await find(id).aggregate
    }

    /// An aggregate, and whether it has events.
    private func find(
        _ id: UUID
    ) async throws(EventStoreError) -> (aggregate: AggregateRoot<State>, exists: Bool) {
        let stream = StreamID(State.aggregateType, id)
        var passedOver: Int?
        while let snapshot = await usableSnapshot(of: stream), snapshot.version != passedOver {
            let root = AggregateRoot(id: id, state: snapshot.state, version: snapshot.version)
            if let aggregate = try await replay(onto: root, from: root.version) { return (aggregate, true) }
            warnings.warn(.withoutItsEvent, stream)
            // Somebody may have released its event behind a later snapshot, which is the only one that can be used.
            if await discardSnapshot(of: stream, at: snapshot.version) { break }
            passedOver = snapshot.version
        }
        return try await replayFromTheBeginning(id)
    }

    /// Applies all events of the present life: it begins with version 1, or behind a soft deletion.
    private func replayFromTheBeginning(
        _ id: UUID
    ) async throws(EventStoreError) -> (aggregate: AggregateRoot<State>, exists: Bool) {
        var first = 1
        // More than one more attempt is needed only where the stream is released again while we look.
        for _ in 1...4 {
            let root = AggregateRoot(id: id, state: State(id: id), version: first - 1)
            if let aggregate = try await replay(onto: root, from: first) { return (aggregate, true) }
            let status = try await store.status(of: root.stream)
            if status.isTombstoned { throw .deleted(root.stream) }
            if status.isEmpty { return (AggregateRoot(id: id, state: State(id: id), version: status.version), false) }
            guard !status.isTruncated else {
                throw EventStoreError(
                    .streamTruncated,
                    "the events before version \(status.firstVersion) were released, and no snapshot that can be used "
                        + "stands in for them", stream: root.stream, actualVersion: status.version)
            }
            first = status.firstVersion
        }
        throw EventStoreError(
            .damaged, "event \(first) is missing", stream: StreamID(State.aggregateType, id))
    }

    /// Applies the events behind an aggregate's version; nil where the event of a version is not there.
    ///
    /// - Parameter first: where the read begins: with the event that the aggregate has already, if it has one. Its
    ///   presence shows that the stream reaches as far, and that it is still in the life that the aggregate is of.
    private func replay(
        onto root: AggregateRoot<State>, from first: Int
    ) async throws(EventStoreError) -> AggregateRoot<State>? {
        var state = root.state
        var version = first - 1
        var batches = store.read(StreamQuery(root.stream, from: first)).makeAsyncIterator()
        while let batch = try await batches.next() {
            for recorded in batch {
                guard recorded.version == version + 1 else {
                    if version < first { return nil }
                    throw EventStoreError(
                        .damaged, "event \(version + 1) is missing before event \(recorded.version)",
                        stream: root.stream, eventID: recorded.id)
                }
                version += 1
                if version > root.version { state.apply(try registry.decode(recorded, as: State.Event.self)) }
            }
        }
        return version < first ? nil : AggregateRoot(id: root.id, state: state, version: version)
    }
}
