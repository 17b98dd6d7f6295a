import EventSourcing
import Synchronization

extension FaultyEventStore {
    /// Reads in batches of 512 what `select` finds when the first batch is asked for.
    func batches(
        limit: Int?, lenient: EventStoreFault,
        _ select: @escaping @Sendable (FaultyLog) throws(EventStoreError) -> [RecordedEvent]
    ) -> EventBatches {
        if let limit, limit < 0, fault != lenient {
            return EventBatches(failing: EventStoreError(.invalidArgument, "negative limit"))
        }
        let whenAsked = snapshot()
        let iterations = Mutex(0)
        return EventBatches { [self] in
            let iteration = iterations.withLock { count in
                count += 1
                return count
            }
            var selected: [RecordedEvent]?
            var next = 0
            return { [self] () throws(EventStoreError) in
                if fault == .readsOnce, iteration > 1 { return nil }
                let events: [RecordedEvent]
                if let selected, fault != .readsWhatComesLater {
                    events = selected
                } else {
                    events = try select(fault == .readsWhatWasThereWhenAsked ? whenAsked : snapshot())
                }
                selected = events
                guard next < events.count else { return nil }
                if fault == .stopsBehindTheFirstBatch, next > 0 { return nil }
                let batch = Array(events[next..<min(next + 512, events.count)])
                next += 512
                if fault == .losesEventsBetweenBatches { next += 1 }
                if fault == .repeatsEventsBetweenBatches { next -= 1 }
                return fault == .limitsEachBatch ? Array(batch.prefix(limit ?? .max)) : batch
            }
        }
    }
}
