import EventSourcing

/// An event store and a snapshot store in one directory.
///
/// ```swift
/// let store = try await StrataStore.open(at: "orders.strata")
/// try await store.events.append([event], to: stream, expecting: .noStream)
/// try await store.close()
/// ```
public final class StrataStore: Sendable {
    /// The events: the source of truth.
    public let events: StrataEventStore
    /// The snapshots: a cache of aggregates' states.
    public let snapshots: StrataSnapshotStore

    init(events: StrataEventStore, snapshots: StrataSnapshotStore) {
        self.events = events
        self.snapshots = snapshots
    }

    /// Opens a store, and makes it where there is none and the options say so.
    ///
    /// - Parameter path: the store's directory, conventionally `NAME.strata`.
    public static func open(
        at path: String, options: StrataOptions = StrataOptions()
    ) async throws(StrataError) -> StrataStore {
        throw StrataError(.notFound, "not implemented yet", path: path)
    }

    /// Waits for appends under way, marks the end of the log, and gives the store up to others. Idempotent.
    public func close() async throws(StrataError) {}

    /// What the store holds. O(segments + streams).
    public func statistics() async throws(StrataError) -> StoreStatistics {
        throw StrataError(.notFound, "not implemented yet")
    }

    /// Reads every byte of a store and checks it, without changing any; works beside a running writer and on backups.
    ///
    /// - Parameter progress: called now and then, from any thread.
    public static func verify(
        at path: String, progress: @escaping @Sendable (JobProgress) -> Void = { _ in }
    ) async throws(StrataError) -> VerificationReport {
        throw StrataError(.notFound, "not implemented yet", path: path)
    }

    /// Lists the frames of one segment file.
    ///
    /// - Parameter path: a file in a store's `events` or `snapshots`, or a copy of one.
    public static func inspectSegment(at path: String) async throws(StrataError) -> SegmentInspection {
        throw StrataError(.notFound, "not implemented yet", path: path)
    }
}
