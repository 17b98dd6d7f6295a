public import EventSourcing

/// Copies a store into another one: in order, with ids, versions, times and metadata.
///
/// ```swift
/// var copy = StoreCopy(from: CopyableStore(events: old), to: CopyableStore(events: new))
/// _ = try await copy.copy()
/// let report = try await copy.verify()
/// guard report.isIdentical else { … }
/// ```
///
/// A copy that was cut off, in whichever way, is begun again and goes on: where it stands, the destination's own events tell.
/// Nobody else may write to the destination meanwhile; where somebody did, an error says so. The source may be written to.
/// Memory grows with the streams and with the releases, not with the events.
public struct StoreCopy: Sendable {
    /// Where in the source the copy goes on.
    struct Place: Hashable, Sendable {
        /// Of the last event that the destination has; nil before the first.
        var position: Position?
    }

    /// What is copied; another view of the same store may take its place.
    public var source: CopyableStore
    /// Where to.
    public let destination: CopyableStore
    /// Events that were stored in the destination.
    public internal(set) var eventsCopied = 0

    let stop: CopyStop
    let progress: @Sendable (CopyProgress) -> Void
    /// nil until the destination was asked.
    var place: Place?

    /// - Parameters:
    ///   - source: what is to be copied.
    ///   - destination: an empty store, or one with an unfinished copy of the source.
    ///   - stop: ends the copy early.
    ///   - progress: told how far the copy is, often.
    public init(
        from source: CopyableStore, to destination: CopyableStore, stop: CopyStop = CopyStop(),
        progress: @escaping @Sendable (CopyProgress) -> Void = { _ in }
    ) {
        self.source = source
        self.destination = destination
        self.stop = stop
        self.progress = progress
    }

    /// Copies what the source holds now and the destination does not.
    ///
    /// Events go in commits: neighbours in the feed of one stream and one `storedAt` that follow each other. `storedAt` is
    /// kept; where it goes back in the source, the destination has the last one again. Positions are the destination's own.
    ///
    /// - Parameter evenIfStopped: whether it comes to its end whatever ``CopyStop`` says.
    /// - Returns: false where ``CopyStop`` ended it before.
    /// - Throws: ``CopyError``. Whatever was stored is a beginning of the source.
    public mutating func copy(evenIfStopped: Bool = false) async throws(CopyError) -> Bool {
        try await copy(evenIfStopped: evenIfStopped, withReleases: true)
    }

    /// - Parameter withReleases: whether the source's releases are looked at even where no event demands it.
    private mutating func copy(evenIfStopped: Bool, withReleases: Bool) async throws(CopyError) -> Bool {
        var refusedAt: Place?
        var withReleases = withReleases
        while true {
            let place = try await currentPlace()
            do throws(CopyError) {
                return try await pass(behind: place, evenIfStopped: evenIfStopped, withReleases: withReleases)
            } catch {
                guard let cause = error.cause, error.code == .destinationFailed, cause.isRefusal else { throw error }
                // The source may have released events between two of our looks. The second time in one place, the
                // destination is to blame.
                let reached = try await currentPlace()
                defer { withReleases = true }
                guard !withReleases || refusedAt != reached else {
                    throw CopyError(
                        .destinationDiffers,
                        "the destination refuses the next events (\(cause.message)); \(try await firstDifference())",
                        stream: cause.stream, cause: cause)
                }
                if withReleases { refusedAt = reached }
            }
        }
    }

    /// Copies, waits until there is more, and copies that, until ``CopyStop`` ends it.
    ///
    /// Once everything is copied, it is only stopped where it waits. Copy once more then, with `evenIfStopped`, for what came
    /// in the meantime, and for releases: while it follows, it takes over those alone that events demand.
    ///
    /// - Parameter next: waits until the source may hold more behind a position, and gives the source as it is then. It ends
    ///   early where its task is cancelled.
    /// - Returns: false where it was stopped before everything was copied once.
    /// - Throws: ``CopyError``, as ``copy(evenIfStopped:)``.
    @discardableResult
    public mutating func follow(
        _ next: @escaping @Sendable (Position?) async throws(EventStoreError) -> CopyableStore
    ) async throws(CopyError) -> Bool {
        guard try await copy() else { return false }
        while true {
            progress(CopyProgress(phase: .following, events: eventsCopied, total: nil))
            guard let newer = try await waitForMore(next) else { return true }
            source = newer
            // Naming all releases takes some stores a look at each stream.
            _ = try await copy(evenIfStopped: true, withReleases: false)
        }
    }

    /// - Returns: nil where the copy was stopped.
    private func waitForMore(
        _ next: @escaping @Sendable (Position?) async throws(EventStoreError) -> CopyableStore
    ) async throws(CopyError) -> CopyableStore? {
        let (stop, position) = (stop, place?.position)
        let result: Result<CopyableStore, EventStoreError>? = await withTaskGroup(
            of: Result<CopyableStore, EventStoreError>?.self
        ) { group in
            group.addTask {
                do throws(EventStoreError) { return .success(try await next(position)) } catch {
                    return .failure(error)
                }
            }
            group.addTask {
                await stop.wait()
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
        guard let result, !stop.isStopped else { return nil }
        do throws(EventStoreError) { return try result.get() } catch { throw .source(error) }
    }
}

extension EventStoreError {
    /// Whether a store refused something for what it holds.
    fileprivate var isRefusal: Bool {
        [.versionConflict, .streamDeleted, .duplicateEventID].contains(code)
    }
}
