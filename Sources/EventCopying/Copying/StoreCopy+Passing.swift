import EventSourcing

extension StoreCopy {
    /// Goes through the source's feed once, up to where it ends now.
    ///
    /// - Returns: false where it was stopped before.
    mutating func pass(
        behind start: Place, evenIfStopped: Bool, withReleases: Bool
    ) async throws(CopyError) -> Bool {
        var queue = ImportQueue(to: destination.events)
        do throws(CopyError) {
            let releases = withReleases ? try await releases(of: .source) : [:]
            let isComplete = try await feed(&queue, behind: start, releases, evenIfStopped)
            try await finish(&queue)
            if isComplete, withReleases { try await takeOverReleases() }
            return isComplete
        } catch {
            // What is under way ends before anybody looks where the destination stands.
            do throws(EventStoreError) { try await queue.settle() } catch {}
            note(queue)
            place = nil
            throw error
        }
    }

    private mutating func finish(_ queue: inout ImportQueue) async throws(CopyError) {
        do throws(EventStoreError) { try await queue.finish() } catch { throw .destination(error) }
        note(queue)
        if let position = queue.storedPosition { place = Place(position: position) }
    }

    private mutating func note(_ queue: ImportQueue) {
        eventsCopied += queue.storedEvents
    }

    /// Hands the source's events on.
    private func feed(
        _ queue: inout ImportQueue, behind start: Place, _ releases: [StreamID: StreamStatus], _ evenIfStopped: Bool
    ) async throws(CopyError) -> Bool {
        var releases = releases
        let end = try await asking(.source) { events throws(EventStoreError) in try await events.currentPosition() }
        let estimate = Estimate(from: start.position, to: end)
        var iterator = source.events.readAll(after: start.position).makeAsyncIterator()
        var grouping = CommitGrouping()
        var read = 0
        while evenIfStopped || !stop.isStopped {
            let batch: [RecordedEvent]?
            do throws(EventStoreError) { batch = try await iterator.next() } catch { throw .source(error) }
            guard let batch else {
                if let commit = grouping.finish() { add(commit, to: &queue, &releases) }
                return true
            }
            for event in batch {
                guard let commit = grouping.add(event) else { continue }
                add(commit, to: &queue, &releases)
                if queue.isFull {
                    do throws(EventStoreError) { try await queue.send() } catch { throw .destination(error) }
                }
            }
            read += batch.count
            progress(
                CopyProgress(
                    phase: .copying, events: eventsCopied + queue.storedEvents,
                    total: estimate.total(read, upTo: batch.last?.position).map { eventsCopied + $0 }))
        }
        return false
    }

    /// Adds a commit, behind what its stream has released before it.
    private func add(
        _ commit: RecordedCommit, to queue: inout ImportQueue, _ releases: inout [StreamID: StreamStatus]
    ) {
        // Once for each stream: whatever it releases later, the end of the pass takes over.
        if commit.firstVersion > 1, let status = releases[commit.stream], status.firstVersion == commit.firstVersion {
            releases[commit.stream] = nil
            queue.add(
                release: StreamStatus(
                    version: status.firstVersion - 1, firstVersion: status.firstVersion,
                    isTruncated: status.isTruncated),
                of: commit.stream)
        }
        queue.add(commit)
    }

    /// Releases in the destination what the source has released.
    func takeOverReleases() async throws(CopyError) {
        let theirs = try await releases(of: .source)
        let ours = try await releases(of: .destination)
        var queue = ImportQueue(to: destination.events)
        do throws(EventStoreError) {
            for (stream, status) in theirs where !(ours[stream]?.hasReleased(asMuchAs: status) ?? false) {
                queue.add(release: status, of: stream)
                if queue.isFull { try await queue.send() }
            }
            try await queue.finish()
        } catch { throw .destination(error) }
    }

    /// One of the two stores.
    enum Side {
        case source, destination

        /// A failure of the store.
        func failure(_ error: EventStoreError) -> CopyError {
            switch self {
            case .source: .source(error)
            case .destination: .destination(error)
            }
        }
    }

    func store(_ side: Side) -> CopyableStore {
        switch side {
        case .source: source
        case .destination: destination
        }
    }

    func releases(of side: Side) async throws(CopyError) -> [StreamID: StreamStatus] {
        try await asking(side) { events throws(EventStoreError) in try await events.releasedStreams() }
    }

    /// Asks one of the stores, with its errors as ours.
    func asking<Answer>(
        _ side: Side, _ body: (any CopyableEventStore) async throws(EventStoreError) -> Answer
    ) async throws(CopyError) -> Answer {
        do throws(EventStoreError) { return try await body(store(side).events) } catch { throw side.failure(error) }
    }
}

extension StreamStatus {
    /// Whether the same events are released as in the source, with the same consequence.
    func hasReleased(asMuchAs source: StreamStatus) -> Bool {
        firstVersion == source.firstVersion && isTombstoned == source.isTombstoned
            && isTruncated == source.isTruncated
    }
}

/// Tells from the positions how many events are still to come.
private struct Estimate {
    private let start: Int
    private let end: Int

    init(from start: Position?, to end: Position?) {
        self.start = start?.rawValue ?? 0
        self.end = end?.rawValue ?? 0
    }

    /// How many events there will be, once `events` reach up to a position.
    func total(_ events: Int, upTo position: Position?) -> Int? {
        guard let position = position?.rawValue, position > start, end > start else { return nil }
        return max(events, Int((Double(events) * Double(end - start) / Double(position - start)).rounded()))
    }
}
