#if PostgreSQL
import EventSourcing

/// How many rows to ask for next, so that a batch has about 4 MiB, and never more than 16 MiB or one event.
struct BatchSize {
    private static let bytes = 4 << 20
    private static let greatestBytes = 16 << 20
    private static let rows = 1...2_048

    /// Rows of the next statement.
    private(set) var rows = 256

    /// The content of a row, in bytes, that may come with so many rows. One that is longer comes alone: the server ends the
    /// batch before it.
    static func longestRow(among rows: Int) -> Int { rows == 1 ? .max : greatestBytes / rows }

    mutating func learn(from page: EventPage) {
        if page.isCut {
            rows = 1
        } else if !page.events.isEmpty {
            let bytes = page.events.reduce(0) { $0 + $1.payload.count + $1.metadata.encoded.count + 128 }
            rows = min(max(Self.bytes / (bytes / page.events.count), Self.rows.lowerBound), Self.rows.upperBound)
        }
    }
}
#endif
