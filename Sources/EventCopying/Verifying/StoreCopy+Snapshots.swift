import EventSourcing

extension StoreCopy {
    /// So many snapshots are on their way at once.
    private static let width = 16

    /// What became of a stream's snapshot.
    private enum Outcome: Sendable {
        case absent
        case same
        case copied(isThere: Bool)
        case differs
    }

    /// Compares the snapshots of streams.
    ///
    /// What the source shows is no reason to delete a snapshot that can be used: it shows none where its own is damaged.
    ///
    /// - Parameters:
    ///   - streams: those with events, and those of which all were released, as they are in the destination.
    ///   - copies: whether the destination's are made the same.
    func transferSnapshots(
        of streams: [StreamID: StreamStatus], _ report: inout CopyReport, copies: Bool, _ evenIfStopped: Bool
    ) async throws(CopyError) {
        guard let source = source.snapshots, let destination = destination.snapshots else { return }
        let outcomes: Result<[(StreamID, Outcome)], CopyError> = await withTaskGroup(
            of: Result<(StreamID, Outcome), CopyError>.self
        ) { group in
            var rest = streams.makeIterator()
            func add() -> Bool {
                guard let (stream, status) = rest.next() else { return false }
                group.addTask {
                    do throws(CopyError) {
                        let outcome = try await Self.transfer(stream, status, source, destination, copies: copies)
                        return .success((stream, outcome))
                    } catch {
                        return .failure(error)
                    }
                }
                return true
            }
            for _ in 0..<Self.width where !add() { break }
            var outcomes: [(StreamID, Outcome)] = []
            while let result = await group.next() {
                switch result {
                case .success((_, .absent)): break
                case .success(let outcome): outcomes.append(outcome)
                case .failure(let error): return .failure(error)
                }
                do throws(CopyError) { try checkStop(evenIfStopped) } catch { return .failure(error) }
                _ = add()
            }
            return .success(outcomes)
        }
        for (stream, outcome) in try outcomes.get() {
            switch outcome {
            case .absent: break
            case .same: report.snapshots += 1
            case .copied(let isThere):
                report.snapshotsCopied += 1
                if isThere { report.snapshots += 1 }
            case .differs: report.add(.snapshot(stream))
            }
        }
    }

    private static func transfer(
        _ stream: StreamID, _ status: StreamStatus, _ source: any SnapshotStore, _ destination: any SnapshotStore,
        copies: Bool
    ) async throws(CopyError) -> Outcome {
        var theirs: Snapshot?
        // A truncated stream that had one cannot be loaded without.
        var isNeeded = false
        if !status.isEmpty {
            do throws(EventStoreError) {
                theirs = try await source.latest(for: stream)
                if status.isTruncated { isNeeded = theirs == nil ? try await source.exists(for: stream) : true }
            } catch { throw .source(error) }
            // Of events that were not copied, or of released ones alone.
            if let snapshot = theirs, !snapshot.isUsable(with: status) { theirs = nil }
        }
        do throws(EventStoreError) {
            if status.isEmpty, copies {
                // A deletion may cost a sync even where there is nothing.
                guard try await destination.exists(for: stream) else { return .absent }
                return try await destination.delete(for: stream) ? .copied(isThere: false) : .absent
            }
            let ours = try await destination.latest(for: stream)
            if let theirs, ours == theirs { return .same }
            if theirs == nil {
                guard let ours else { return isNeeded ? .differs : .absent }
                if ours.isUsable(with: status) { return .absent }
            }
            guard copies else { return .differs }
            // A higher one would stay.
            if ours != nil { try await destination.delete(for: stream) }
            if let theirs {
                try await destination.save(theirs)
                guard try await destination.latest(for: stream) == theirs else { return .differs }
            } else if isNeeded {
                return .differs
            }
            return .copied(isThere: theirs != nil)
        } catch { throw .destination(error) }
    }
}

extension Snapshot {
    /// Whether an aggregate can be loaded from it: the event at its version has to be there.
    fileprivate func isUsable(with status: StreamStatus) -> Bool {
        version >= status.firstVersion && version <= status.version
    }
}
