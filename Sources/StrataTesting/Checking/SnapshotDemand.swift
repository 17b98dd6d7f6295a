import EventSourcing

/// Where a stream may begin only with a snapshot of what is left: its caller had loaded one when it asked for the release.
struct SnapshotDemand: Sendable {
    /// By where a release may have let the stream begin; false where another release may have let it begin there.
    private var beginnings: [Int: Bool] = [:]
    /// Whether events may be gone by a deletion of which nobody was told where it let the stream begin.
    private var mayBeEmptied = false

    init() {}

    /// - Parameters:
    ///   - firstVersion: where a stream begins.
    ///   - keepsSnapshot: whether a snapshot must be there.
    init(firstVersion: Int, keepsSnapshot: Bool) {
        beginnings[firstVersion] = keepsSnapshot
    }

    /// Counts a release that may have been made.
    ///
    /// - Parameters:
    ///   - result: what its caller was told; nil where that was nothing.
    ///   - snapshot: the version of the snapshot that its caller had loaded before, unless it may be deleted since.
    mutating func add(_ release: StreamRelease, _ result: DeletionResult?, snapshot: Int?) {
        if case .truncation(let version) = release {
            let isKept = snapshot ?? 0 >= version
            // Where the call has returned, the snapshot was made durable, whoever has released the events.
            if isKept, result != nil { beginnings[version] = true }
            if beginnings[version] == nil { beginnings[version] = isKept && !mayBeEmptied }
        } else if let result {
            if beginnings[result.status.firstVersion] == nil { beginnings[result.status.firstVersion] = false }
        } else {
            mayBeEmptied = true
        }
    }

    /// Whether a stream must have a snapshot.
    func applies(to status: StreamStatus) -> Bool {
        status.firstVersion > 1 && !status.isTombstoned && beginnings[status.firstVersion] ?? false
    }
}
