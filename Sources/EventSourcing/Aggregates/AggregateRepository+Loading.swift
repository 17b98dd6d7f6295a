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

    /// What became of applying a stream's events.
    private enum Replay {
        case complete(AggregateRoot<State>)
        /// The event that the read was to begin with is not there.
        case absent
        /// Events were released before they could be read.
        case overtaken
    }

    /// How often loading begins anew because events are released meanwhile.
    private static var attempts: Int { 16 }

    /// An aggregate, and whether it has events.
    ///
    /// Another task may take a snapshot and release the events before it at any moment, also between two batches. What can be
    /// said of the stream then holds only if a look at the snapshot behind it finds none that helps.
    private func find(
        _ id: UUID
    ) async throws(EventStoreError) -> (aggregate: AggregateRoot<State>, exists: Bool) {
        let stream = StreamID(State.aggregateType, id)
        var passedOver: Int?
        var truncatedBefore: Int?
        // With version 1, or behind a soft deletion.
        var first = 1
        for _ in 1...Self.attempts {
            if let snapshot = await usableSnapshot(of: stream), snapshot.version != passedOver {
                let root = AggregateRoot(id: id, state: snapshot.state, version: snapshot.version)
                switch try await replay(onto: root, from: root.version) {
                case .complete(let aggregate): return (aggregate, true)
                case .overtaken: break
                case .absent:
                    warnings.warn(.withoutItsEvent, stream)
                    await discard(snapshot.stored)
                    passedOver = snapshot.version
                }
                continue
            }
            let root = AggregateRoot(id: id, state: State(id: id), version: first - 1)
            if case .complete(let aggregate) = try await replay(onto: root, from: first) { return (aggregate, true) }
            let status = try await store.status(of: stream)
            if status.isTombstoned { throw .deleted(stream) }
            if status.isEmpty { return (AggregateRoot(id: id, state: State(id: id), version: status.version), false) }
            if status.isTruncated {
                guard truncatedBefore != status.firstVersion else { throw truncated(stream, status) }
                truncatedBefore = status.firstVersion
            }
            first = status.isTruncated ? 1 : status.firstVersion
        }
        let status = try await store.status(of: stream)
        if status.isTruncated { throw truncated(stream, status) }
        throw EventStoreError(.damaged, "event \(first) is missing", stream: stream)
    }

    private func truncated(_ stream: StreamID, _ status: StreamStatus) -> EventStoreError {
        EventStoreError(
            .streamTruncated,
            "the events before version \(status.firstVersion) were released, and no snapshot that can be used "
                + "stands in for them", stream: stream, actualVersion: status.version)
    }

    /// Applies the events behind an aggregate's version.
    ///
    /// - Parameter first: where the read begins: with the event that the aggregate has already, if it has one. Its
    ///   presence shows that the stream reaches as far, and that it is still in the life that the aggregate is of.
    private func replay(
        onto root: AggregateRoot<State>, from first: Int
    ) async throws(EventStoreError) -> Replay {
        var state = root.state
        var version = first - 1
        var batches = store.read(StreamQuery(root.stream, from: first)).makeAsyncIterator()
        while let batch = try await batches.next() {
            for recorded in batch {
                guard recorded.version == version + 1 else {
                    if version < first { return .absent }
                    if try await store.status(of: root.stream).firstVersion > version + 1 { return .overtaken }
                    throw EventStoreError(
                        .damaged, "event \(version + 1) is missing before event \(recorded.version)",
                        stream: root.stream, eventID: recorded.id)
                }
                version += 1
                if version > root.version { state.apply(try registry.decode(recorded, as: State.Event.self)) }
            }
        }
        return version < first ? .absent : .complete(AggregateRoot(id: root.id, state: state, version: version))
    }
}
