#if PostgreSQL
import EventSourcing

/// How many rows to ask for next, so that a batch has about 4 MiB.
struct BatchSize {
    private static let bytes = 4 << 20
    private static let rows = 1...2_048

    /// Rows of the next statement.
    private(set) var rows = 256

    mutating func learn(from events: [RecordedEvent]) {
        guard !events.isEmpty else { return }
        let bytes = events.reduce(0) { $0 + $1.payload.count + $1.metadata.encoded.count + 128 }
        rows = min(max(Self.bytes / (bytes / events.count), Self.rows.lowerBound), Self.rows.upperBound)
    }
}
#endif
