import EventSourcing

/// Which of a stream's events must be released, and which may be, and whether a snapshot must stand in for them.
struct ReleaseBounds: Sendable {
    /// Every version below is gone.
    private(set) var required = 1
    /// No version from here on is gone.
    private(set) var allowed = 1
    private(set) var mustBeTombstoned = false
    private(set) var mayBeTombstoned = false
    private var snapshotDemand = SnapshotDemand()

    init() {}

    /// What a stream has released for good.
    ///
    /// - Parameter keepsSnapshot: whether a snapshot of what is left must be there.
    init(_ status: StreamStatus, keepsSnapshot: Bool) {
        required = status.firstVersion
        allowed = status.firstVersion
        mustBeTombstoned = status.isTombstoned
        mayBeTombstoned = status.isTombstoned
        snapshotDemand = SnapshotDemand(firstVersion: status.firstVersion, keepsSnapshot: keepsSnapshot)
    }

    /// Counts a release by what its caller was told of it.
    ///
    /// - Parameter snapshot: the version of the stream's snapshot, which the caller had loaded before, and nobody has asked
    ///   to be deleted since; nil where there is none.
    mutating func add(
        _ release: StreamRelease, _ answer: Result<DeletionResult, EventStoreError>?, _ end: History.End,
        snapshot: Int?
    ) {
        switch answer {
        case .failure(let error) where error.code != .outcomeUnknown: return
        case .failure, nil:
            allowed = max(allowed, Self.bound(of: release))
            snapshotDemand.add(release, nil, snapshot: snapshot)
            mayBeTombstoned = mayBeTombstoned || release == .deletion(.tombstone)
        case .success(let result):
            allowed = max(allowed, result.status.firstVersion)
            snapshotDemand.add(release, result, snapshot: snapshot)
            mayBeTombstoned = mayBeTombstoned || result.status.isTombstoned
            guard end == .processDeath || result.durability == .synced else { return }
            required = max(required, result.status.firstVersion)
            mustBeTombstoned = mustBeTombstoned || result.status.isTombstoned
        }
    }

    private static func bound(of release: StreamRelease) -> Int {
        if case .truncation(let version) = release { version } else { .max }
    }

    /// Whether the stream must have a snapshot of the events that are left: nobody can apply them without.
    func needsSnapshot(_ status: StreamStatus) -> Bool {
        snapshotDemand.applies(to: status)
    }

    /// Checks what a store says of a stream.
    func check(_ status: StreamStatus, mayBeLost: Bool = false) throws(Violation) {
        try require(mayBeLost || status.firstVersion >= required, "a release that was acknowledged is gone")
        try require(status.firstVersion <= allowed, "version \(status.firstVersion - 1) was never released")
        try require(mayBeLost || status.isTombstoned || !mustBeTombstoned, "a tombstone is gone")
        try require(!status.isTombstoned || mayBeTombstoned, "a stream has a tombstone that nobody asked for")
    }
}
