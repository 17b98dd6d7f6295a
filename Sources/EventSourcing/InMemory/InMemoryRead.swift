/// One iteration of a read: what of it is left.
struct InMemoryRead {
    private let source: InMemoryLog.Source
    private let direction: ReadDirection
    private let filter: EventFilter
    private var indexes: Range<Int>
    private var wanted: Int

    /// - Parameter indexes: the places within the source that the read goes through.
    init(
        source: InMemoryLog.Source, indexes: Range<Int>, direction: ReadDirection, limit: Int?,
        filter: EventFilter = .all
    ) {
        self.source = source
        self.direction = direction
        self.filter = filter
        self.indexes = indexes
        wanted = limit ?? .max
    }

    /// Looks at the next 512 events and takes those that match, perhaps none; nil at the end.
    mutating func nextBatch(in log: borrowing InMemoryLog) -> [RecordedEvent]? {
        guard wanted > 0, !indexes.isEmpty else { return nil }
        let count = min(512, indexes.count)
        let next: Range<Int>
        switch direction {
        case .forward:
            next = indexes.lowerBound..<indexes.lowerBound + count
            indexes = next.upperBound..<indexes.upperBound
        case .backward:
            next = indexes.upperBound - count..<indexes.upperBound
            indexes = indexes.lowerBound..<next.lowerBound
        }
        var batch: [RecordedEvent] = []
        batch.reserveCapacity(min(count, wanted))
        log.forEach(in: next, of: source, direction) { event in
            guard batch.count < wanted, filter.matches(event) else { return }
            batch.append(event)
        }
        wanted -= batch.count
        return batch
    }
}
