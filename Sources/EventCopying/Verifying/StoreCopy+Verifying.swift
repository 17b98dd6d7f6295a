import EventSourcing

extension StoreCopy {
    /// So often the comparison begins again because the source released events.
    private static let attempts = 3

    /// Compares the destination with what was copied of the source, each read from its beginning, and, where they are the same,
    /// copies the snapshots of all streams that have events.
    ///
    /// A digest of each stream (SHA-256) covers everything but positions; one more covers the order of all events.
    ///
    /// - Throws: ``CopyError/Code/sourceUnsettled``, and the codes of failed reads. What differs is no error: the report
    ///   tells.
    public mutating func verify() async throws(CopyError) -> CopyReport {
        let place = try await currentPlace()
        for _ in 0..<Self.attempts {
            try await takeOverReleases()
            guard let (compared, streams) = try await compareEvents(upTo: place.position) else { continue }
            var report = compared
            if report.isIdentical { try await transferSnapshots(of: streams, &report, copies: true) }
            return report
        }
        throw Self.unsettled
    }

    /// Compares both stores as they are, and changes neither.
    ///
    /// - Throws: as ``verify()``.
    public func compare() async throws(CopyError) -> CopyReport {
        for _ in 0..<Self.attempts {
            let end = try await asking(.source) { events throws(EventStoreError) in try await events.currentPosition() }
            guard let (compared, streams) = try await compareEvents(upTo: end) else { continue }
            var report = compared
            try await transferSnapshots(of: streams, &report, copies: false)
            return report
        }
        throw Self.unsettled
    }

    private static var unsettled: CopyError {
        CopyError(
            .sourceUnsettled,
            "the source released events all the time while it was compared; compare again when it rests")
    }

    /// - Returns: nil where the source has released events meanwhile; otherwise also the streams and their last versions.
    private func compareEvents(
        upTo end: Position?
    ) async throws(CopyError) -> (CopyReport, [StreamID: Int])? {
        let releases = try await releases(of: .source)
        let theirs = try await digests(of: .source, upTo: end)
        let ours = try await digests(of: .destination, upTo: nil, total: theirs.events)
        guard try await self.releases(of: .source) == releases else { return nil }
        var report = CopyReport()
        report.eventsCopied = eventsCopied
        report.events = ours.events
        report.streams = ours.streams.count
        for stream in theirs.differences(from: ours) { report.add(.events(stream)) }
        if report.isIdentical, theirs.order != ours.order { report.add(.order) }
        let taken = try await self.releases(of: .destination)
        report.releasedStreams = taken.count
        for stream in Set(releases.keys).union(taken.keys).sorted(by: { $0.description < $1.description }) {
            let (theirs, ours) = (releases[stream], taken[stream])
            guard let theirs, let ours, ours.hasReleased(asMuchAs: theirs) else {
                report.add(.release(stream))
                continue
            }
        }
        return (report, theirs.streams.mapValues(\.lastVersion))
    }

    private func digests(
        of side: Side, upTo end: Position?, total: Int? = nil
    ) async throws(CopyError) -> ContentDigests {
        var digests = ContentDigests()
        // Nothing was copied, so that nothing is to be compared.
        if side == .source, end == nil { return digests }
        var iterator = store(side).events.readAll().makeAsyncIterator()
        while true {
            let batch: [RecordedEvent]?
            do throws(EventStoreError) { batch = try await iterator.next() } catch { throw side.failure(error) }
            guard let batch else { return digests }
            for event in batch {
                if let end, event.position > end { return digests }
                digests.add(event)
            }
            progress(
                CopyProgress(
                    phase: side == .source ? .verifyingSource : .verifyingDestination, events: digests.events,
                    total: total))
        }
    }
}
