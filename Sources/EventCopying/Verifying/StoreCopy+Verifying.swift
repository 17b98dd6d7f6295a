import EventSourcing

extension StoreCopy {
    /// So often the comparison begins again because the source released events.
    private static let attempts = 3

    /// Compares the destination with what was copied of the source, each read from its beginning, and, where they are the same,
    /// copies the snapshots of all streams that have events, and deletes those of streams whose events were all released.
    ///
    /// A digest of each stream (SHA-256) covers everything but positions; one more covers the order of all events.
    ///
    /// - Parameter evenIfStopped: whether it comes to its end whatever ``CopyStop`` says.
    /// - Throws: ``CopyError/Code/sourceUnsettled``, ``CopyError/Code/stopped``, and the codes of failed reads. What differs is
    ///   no error: the report tells.
    public mutating func verify(evenIfStopped: Bool = false) async throws(CopyError) -> CopyReport {
        let place = try await currentPlace()
        for _ in 0..<Self.attempts {
            try await takeOverReleases()
            guard let (compared, streams) = try await compareEvents(upTo: place.position, evenIfStopped) else {
                continue
            }
            var report = compared
            if report.isIdentical {
                try await transferSnapshots(of: streams, &report, copies: true, evenIfStopped)
            }
            return report
        }
        throw Self.unsettled
    }

    /// Compares both stores as they are, and changes neither.
    ///
    /// - Throws: as ``verify(evenIfStopped:)``.
    public func compare() async throws(CopyError) -> CopyReport {
        for _ in 0..<Self.attempts {
            let end = try await asking(.source) { events throws(EventStoreError) in try await events.currentPosition() }
            guard let (compared, streams) = try await compareEvents(upTo: end, false) else { continue }
            var report = compared
            try await transferSnapshots(of: streams, &report, copies: false, false)
            return report
        }
        throw Self.unsettled
    }

    private static var unsettled: CopyError {
        CopyError(
            .sourceUnsettled,
            "the source released events all the time while it was compared; compare again when it rests")
    }

    /// - Returns: nil where the source has released events meanwhile; otherwise also the streams, as they are in the destination
    ///   once it holds what the source does.
    private func compareEvents(
        upTo end: Position?, _ evenIfStopped: Bool
    ) async throws(CopyError) -> (CopyReport, [StreamID: StreamStatus])? {
        let releases = try await releases(of: .source)
        let theirs = try await digests(of: .source, upTo: end, evenIfStopped)
        let ours = try await digests(of: .destination, upTo: nil, total: theirs.events, evenIfStopped)
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
        var streams = releases.filter { stream, status in
            status.isEmpty && theirs.streams[stream] == nil && ours.streams[stream] == nil
        }
        for (stream, content) in theirs.streams {
            streams[stream] = StreamStatus(
                version: content.lastVersion, firstVersion: taken[stream]?.firstVersion ?? 1,
                isTruncated: taken[stream]?.isTruncated ?? false)
        }
        return (report, streams)
    }

    func checkStop(_ evenIfStopped: Bool) throws(CopyError) {
        guard evenIfStopped || !stop.isStopped else {
            throw CopyError(.stopped, "stopped before the stores were compared")
        }
    }

    private func digests(
        of side: Side, upTo end: Position?, total: Int? = nil, _ evenIfStopped: Bool
    ) async throws(CopyError) -> ContentDigests {
        var digests = ContentDigests()
        // Nothing was copied, so that nothing is to be compared.
        if side == .source, end == nil { return digests }
        var iterator = store(side).events.readAll().makeAsyncIterator()
        while true {
            try checkStop(evenIfStopped)
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
