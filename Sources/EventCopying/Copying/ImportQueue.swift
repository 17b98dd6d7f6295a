import EventSourcing

/// Changes on their way to a destination, many at a time: while one batch is stored, the next one is gathered.
struct ImportQueue {
    private struct Batch {
        var changes: [ImportedChange] = []
        var bytes = 0
        var events = 0
        /// Of the last event among them.
        var position: Position?
    }

    private static let changeLimit = 1_024
    private static let byteLimit = 8 << 20

    private let destination: any EventImporting
    private var batch = Batch()
    private var underWay: (storing: Task<Result<Void, EventStoreError>, Never>, batch: Batch)?
    /// The source's position up to which everything is stored; nil where nothing was stored yet.
    private(set) var storedPosition: Position?
    /// How many events are stored.
    private(set) var storedEvents = 0

    init(to destination: any EventImporting) {
        self.destination = destination
    }

    /// Whether ``send()`` is due.
    var isFull: Bool { batch.changes.count >= Self.changeLimit || batch.bytes >= Self.byteLimit }

    mutating func add(_ commit: RecordedCommit) {
        batch.changes.append(.commit(commit.imported))
        batch.bytes += commit.bytes
        batch.events += commit.events.count
        batch.position = commit.lastPosition
    }

    mutating func add(release status: StreamStatus, of stream: StreamID) {
        batch.changes.append(.release(status, of: stream))
    }

    /// Waits for the batch under way, and has the one that was gathered follow.
    mutating func send() async throws(EventStoreError) {
        try await settle()
        guard !batch.changes.isEmpty else { return }
        let (destination, changes) = (destination, batch.changes)
        let storing = Task { () -> Result<Void, EventStoreError> in
            do throws(EventStoreError) {
                return .success(try await destination.importChanges(changes))
            } catch {
                return .failure(error)
            }
        }
        underWay = (storing, batch)
        batch = Batch()
    }

    /// Waits until everything is stored.
    mutating func finish() async throws(EventStoreError) {
        try await send()
        try await settle()
    }

    /// Waits for the batch under way.
    mutating func settle() async throws(EventStoreError) {
        guard let (storing, batch) = underWay.take() else { return }
        try await storing.value.get()
        storedEvents += batch.events
        storedPosition = batch.position ?? storedPosition
    }
}
