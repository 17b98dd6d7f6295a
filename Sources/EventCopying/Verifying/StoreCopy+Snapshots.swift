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
    /// - Parameters:
    ///   - streams: those with events, with their last versions.
    ///   - copies: whether the destination's are made the same.
    func transferSnapshots(
        of streams: [StreamID: Int], _ report: inout CopyReport, copies: Bool
    ) async throws(CopyError) {
        guard let source = source.snapshots, let destination = destination.snapshots else { return }
        let outcomes: Result<[(StreamID, Outcome)], CopyError> = await withTaskGroup(
            of: Result<(StreamID, Outcome), CopyError>.self
        ) { group in
            var rest = streams.makeIterator()
            func add() -> Bool {
                guard let (stream, version) = rest.next() else { return false }
                group.addTask {
                    do throws(CopyError) {
                        let outcome = try await Self.transfer(stream, version, source, destination, copies: copies)
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
        _ stream: StreamID, _ version: Int, _ source: any SnapshotStore, _ destination: any SnapshotStore, copies: Bool
    ) async throws(CopyError) -> Outcome {
        var theirs: Snapshot?
        do throws(EventStoreError) { theirs = try await source.latest(for: stream) } catch { throw .source(error) }
        // Of events that were not copied.
        if let snapshot = theirs, snapshot.version > version { theirs = nil }
        do throws(EventStoreError) {
            let ours = try await destination.latest(for: stream)
            if ours == theirs { return theirs == nil ? .absent : .same }
            guard copies else { return .differs }
            // A higher one would stay.
            if ours != nil { try await destination.delete(for: stream) }
            if let theirs {
                try await destination.save(theirs)
                guard try await destination.latest(for: stream) == theirs else { return .differs }
            }
            return .copied(isThere: theirs != nil)
        } catch { throw .destination(error) }
    }
}
