import EventSourcing

/// Where a stream may begin only with a snapshot of what is left: its caller had loaded one when it asked for the release.
struct SnapshotDemand: Sendable {
    /// By where a release may have let the stream begin: the version from which on the stream's events can be applied to a
    /// snapshot that must be there. None is high enough where another release may have let it begin there.
    ///
    /// A truncation that finds the events gone writes nothing: then the snapshot's event may be lost, and the snapshot goes
    /// with it.
    private var beginnings: [Int: Int] = [:]
    /// Whether events may be gone by a deletion of which nobody was told where it let the stream begin.
    private var mayBeEmptied = false

    init() {}

    /// - Parameters:
    ///   - firstVersion: where a stream begins.
    ///   - keepsSnapshot: whether a snapshot must be there.
    init(firstVersion: Int, keepsSnapshot: Bool) {
        beginnings[firstVersion] = keepsSnapshot ? firstVersion : .max
    }

    /// Counts a release that may have been made.
    ///
    /// - Parameters:
    ///   - result: what its caller was told; nil where that was nothing.
    ///   - snapshot: the version of the snapshot that its caller had loaded before, unless it may be deleted since.
    mutating func add(_ release: StreamRelease, _ result: DeletionResult?, snapshot: Int?) {
        if case .truncation(let version) = release {
            let kept = snapshot.flatMap { $0 >= version ? $0 : nil } ?? .max
            // Where the call has returned, the snapshot was made durable, whoever has released the events.
            if result != nil { beginnings[version] = min(kept, beginnings[version] ?? .max) }
            if beginnings[version] == nil { beginnings[version] = mayBeEmptied ? .max : kept }
        } else if let result {
            // An earlier truncation that let it begin there has left an event, and this one none: that truncation is lost.
            beginnings[result.status.firstVersion] = .max
        } else {
            mayBeEmptied = true
        }
    }

    /// Whether a stream must have a snapshot.
    func applies(to status: StreamStatus) -> Bool {
        status.firstVersion > 1 && !status.isTombstoned && status.version >= beginnings[status.firstVersion] ?? .max
    }
}
