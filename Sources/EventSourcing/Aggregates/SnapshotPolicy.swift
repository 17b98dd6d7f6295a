/// When a repository takes snapshots by itself.
///
/// With a threshold of n, a save that reaches or crosses one or more multiples of n takes one snapshot, of the state at
/// the last of them: with 50, saving events 1 to 201 at once leaves a snapshot at version 200.
public enum SnapshotPolicy: Hashable, Sendable {
    /// Snapshots are stored before the save returns. The threshold is a number of events, 1 or more.
    case sync(every: Int)
    /// Saves return at once; snapshots are encoded and stored on the side. The threshold is a number of events, 1 or
    /// more.
    case background(every: Int)
    /// Only ``AggregateRepository/createSnapshot(of:)`` takes snapshots.
    case manual

    /// The number of events between snapshots; nil where none are taken by themselves.
    public var threshold: Int? {
        switch self {
        case .sync(let threshold), .background(let threshold): threshold
        case .manual: nil
        }
    }

    /// The version that a save calls for a snapshot of, or nil.
    ///
    /// - Parameters:
    ///   - previous: the stream's version before the save.
    ///   - version: the version behind it.
    public func snapshotVersion(savingFrom previous: Int, to version: Int) -> Int? {
        guard let threshold else { return nil }
        let multiple = version - version % threshold
        return multiple > previous ? multiple : nil
    }
}
