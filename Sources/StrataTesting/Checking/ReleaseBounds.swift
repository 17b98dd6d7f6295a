import EventSourcing

/// Which of a stream's events must be released, and which may be.
struct ReleaseBounds: Sendable {
    /// Every version below is gone.
    private(set) var required = 1
    /// No version from here on is gone.
    private(set) var allowed = 1
    private(set) var mustBeTombstoned = false
    private(set) var mayBeTombstoned = false

    init() {}

    /// What a stream has released for good.
    init(_ status: StreamStatus) {
        required = status.firstVersion
        allowed = status.firstVersion
        mustBeTombstoned = status.isTombstoned
        mayBeTombstoned = status.isTombstoned
    }

    /// Counts a release by what its caller was told of it.
    mutating func add(
        _ release: StreamRelease, _ answer: Result<DeletionResult, EventStoreError>?, _ end: History.End
    ) {
        switch answer {
        case .failure(let error) where error.code != .outcomeUnknown: return
        case .failure, nil:
            allowed = max(allowed, Self.bound(of: release))
            mayBeTombstoned = mayBeTombstoned || release == .deletion(.tombstone)
        case .success(let result):
            allowed = max(allowed, result.status.firstVersion)
            mayBeTombstoned = mayBeTombstoned || result.status.isTombstoned
            guard end == .processDeath || result.durability == .synced else { return }
            required = max(required, result.status.firstVersion)
            mustBeTombstoned = mustBeTombstoned || result.status.isTombstoned
        }
    }

    private static func bound(of release: StreamRelease) -> Int {
        if case .truncation(let version) = release { version } else { .max }
    }

    /// Checks what a store says of a stream.
    func check(_ status: StreamStatus, mayBeLost: Bool = false) throws(Violation) {
        try require(mayBeLost || status.firstVersion >= required, "a release that was acknowledged is gone")
        try require(status.firstVersion <= allowed, "version \(status.firstVersion - 1) was never released")
        try require(mayBeLost || status.isTombstoned || !mustBeTombstoned, "a tombstone is gone")
        try require(!status.isTombstoned || mayBeTombstoned, "a stream has a tombstone that nobody asked for")
    }
}
