import EventInterchange
import EventSourcing

/// Writes events as they are read: a table for people, lines of NDJSON for machines.
struct EventListing {
    private static let dataCharacters = 100

    private let format: OutputFormat
    private let output: StandardOutput
    private var json = JSONWriter()
    private var table: TextTable
    /// How many events were written.
    private(set) var count = 0

    init(_ format: OutputFormat, to output: StandardOutput) {
        self.format = format
        self.output = output
        table = TextTable(
            [
                .right("position"), .left("stream"), .right("version"), .left("event"), .left("occurred at"),
                .left("data"),
            ], to: output)
    }

    mutating func add(_ event: RecordedEvent) throws {
        count += 1
        switch format {
        case .json:
            json.removeAll()
            json.event(event)
            json.newLine()
            try output.write(json.bytes)
        case .text:
            try table.add([
                "\(event.position)", "\(event.stream)", "\(event.version)", event.type, "\(event.occurredAt)",
                Self.preview(event.payload, of: event.contentType),
            ])
        }
    }

    /// Lists what `body` adds, all of it also where that ends with an error.
    mutating func finishing(_ body: (inout EventListing) async throws -> Void) async throws {
        do {
            try await body(&self)
        } catch let error as ClosedOutput {
            throw error
        } catch {
            try? finish()
            throw error
        }
        try finish()
    }

    private mutating func finish() throws {
        try table.finish()
        try output.flush()
    }

    private static func preview(_ payload: Bytes, of contentType: ContentType) -> String {
        guard contentType == .json else { return "\(contentType), \(payload.count.byteCount)" }
        // Four bytes are the most that a character's scalar takes.
        let start = payload.slice(0..<min(payload.count, 4 * dataCharacters))
        return String(decoding: start, as: UTF8.self).shortened(to: dataCharacters)
    }
}
