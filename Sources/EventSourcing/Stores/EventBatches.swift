/// A read in progress: events in batches, in the order that was asked for.
///
/// A batch is never empty. Each iteration is a read of its own: it sees the events that the store could show when its
/// first batch was asked for, and ends there. ``events`` flattens it, one event at a time; batches are faster, because
/// they take one suspension a batch instead of one an event.
public struct EventBatches: AsyncSequence, Sendable {
    public typealias Element = [RecordedEvent]
    public typealias Failure = EventStoreError

    /// Gives the next batch, or nil at the end. Called by one task at a time.
    public typealias NextBatch = () async throws(EventStoreError) -> [RecordedEvent]?

    private let begin: @Sendable () -> NextBatch

    /// A read that a backend offers.
    ///
    /// - Parameter begin: makes the state of one iteration and returns the function that advances it. Empty
    ///   batches are skipped over.
    public init(_ begin: @escaping @Sendable () -> NextBatch) {
        self.begin = begin
    }

    /// A read of events that are at hand.
    public init(_ events: [RecordedEvent]) {
        self.init {
            var rest: [RecordedEvent]? = events
            return {
                defer { rest = nil }
                return rest
            }
        }
    }

    /// A read that fails.
    public init(failing error: EventStoreError) {
        self.init { { () throws(EventStoreError) in throw error } }
    }

    public struct AsyncIterator: AsyncIteratorProtocol {
        private let nextBatch: NextBatch

        init(_ nextBatch: @escaping NextBatch) {
            self.nextBatch = nextBatch
        }

        public mutating func next() async throws(EventStoreError) -> [RecordedEvent]? {
            while let batch = try await nextBatch() {
                if !batch.isEmpty { return batch }
            }
            return nil
        }

        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(EventStoreError) -> [RecordedEvent]? {
            try await next()
        }
    }

    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(begin())
    }

    /// The same events one by one.
    public var events: RecordedEvents { RecordedEvents(self) }

    /// All events of the read. Memory grows with their number.
    public func collect() async throws(EventStoreError) -> [RecordedEvent] {
        var all: [RecordedEvent] = []
        var iterator = makeAsyncIterator()
        while let batch = try await iterator.next() { all += batch }
        return all
    }
}

/// A read in progress: events one by one.
public struct RecordedEvents: AsyncSequence, Sendable {
    public typealias Element = RecordedEvent
    public typealias Failure = EventStoreError

    private let batches: EventBatches

    init(_ batches: EventBatches) {
        self.batches = batches
    }

    public struct AsyncIterator: AsyncIteratorProtocol {
        private var batches: EventBatches.AsyncIterator
        private var batch: [RecordedEvent] = []
        private var nextIndex = 0

        init(_ batches: EventBatches.AsyncIterator) {
            self.batches = batches
        }

        public mutating func next() async throws(EventStoreError) -> RecordedEvent? {
            if nextIndex == batch.count {
                guard let next = try await batches.next() else { return nil }
                batch = next
                nextIndex = 0
            }
            defer { nextIndex += 1 }
            return batch[nextIndex]
        }

        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(EventStoreError) -> RecordedEvent? {
            try await next()
        }
    }

    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(batches.makeAsyncIterator())
    }
}
