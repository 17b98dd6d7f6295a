public import FoundationEssentials

extension AggregateRepository {
    /// An aggregate as its events made it.
    ///
    /// Reads the snapshot, if there is a usable one, and the events behind it. One that is missing, damaged, of
    /// another schema version, or ahead of its stream means that all events are read.
    ///
    /// - Throws: ``EventStoreError/Code/aggregateNotFound`` where it has no events, what
    ///   ``EventRegistry/decode(_:as:)`` throws, and the codes of failed reading.
    public func load(_ id: UUID) async throws(EventStoreError) -> AggregateRoot<State> {
        let aggregate = try await loadOrCreate(id)
        guard aggregate.version > 0 else {
            throw EventStoreError(.aggregateNotFound, "the aggregate has no events", stream: aggregate.stream)
        }
        return aggregate
    }

    /// An aggregate as its events made it, or a new one where it has none.
    ///
    /// - Throws: as ``load(_:)``, apart from ``EventStoreError/Code/aggregateNotFound``.
    public func loadOrCreate(_ id: UUID) async throws(EventStoreError) -> AggregateRoot<State> {
        let beginning = AggregateRoot<State>(id: id)
        if let snapshot = await usableSnapshot(of: beginning.stream) {
            let root = AggregateRoot(id: id, state: snapshot.state, version: snapshot.version)
            if let aggregate = try await replay(onto: root) { return aggregate }
            warnings.warn(.aheadOfStream, beginning.stream)
            await discardSnapshot(of: beginning.stream)
        }
        return try await replay(onto: beginning) ?? beginning
    }

    /// Applies the events behind an aggregate's version; nil where the stream does not reach that version.
    private func replay(
        onto root: AggregateRoot<State>
    ) async throws(EventStoreError) -> AggregateRoot<State>? {
        var state = root.state
        // Begins with the event that the aggregate has already: its presence shows that the stream reaches as far.
        let first = max(root.version, 1)
        var version = first - 1
        var batches = store.read(StreamQuery(root.stream, from: first)).makeAsyncIterator()
        while let batch = try await batches.next() {
            for recorded in batch {
                guard recorded.version == version + 1 else {
                    throw EventStoreError(
                        .damaged, "event \(version + 1) is missing before event \(recorded.version)",
                        stream: root.stream, eventID: recorded.id)
                }
                version += 1
                if version > root.version { state.apply(try registry.decode(recorded, as: State.Event.self)) }
            }
        }
        return version < root.version ? nil : AggregateRoot(id: root.id, state: state, version: version)
    }
}
