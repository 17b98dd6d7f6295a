import ArgumentParser
import EventSourcing

/// The options that say which events to read.
struct EventSelection: ParsableArguments {
    @Option(help: ArgumentHelp("One stream.", valueName: "type/id"))
    var stream: String?

    @Option(help: "All streams of an aggregate type.")
    var type: String?

    @Flag(help: "All streams.")
    var all = false

    @Option(help: "The lowest version or position.")
    var from: Int?

    @Option(help: "The highest version or position.")
    var to: Int?

    @Flag(help: "From the newest to the oldest.")
    var backwards = false

    @Option(help: "At most so many events.")
    var limit: Int?

    @Option(help: "With --type or --all: only events of this type; may be repeated.")
    var eventType: [String] = []

    @Option(help: "With --type or --all: only events of this tenant.")
    var tenant: String?

    @Option(
        help: ArgumentHelp("With --type: only events stored at this time or later (RFC 3339).", valueName: "instant"))
    var since: String?

    /// Checks that the options fit together.
    func check() throws {
        guard [stream != nil, type != nil, all].count(where: { $0 }) == 1 else {
            throw ValidationError("One of --stream, --type and --all is needed.")
        }
        if stream != nil, !eventType.isEmpty || tenant != nil {
            throw ValidationError("--event-type and --tenant go with --type or --all.")
        }
        if since != nil, type == nil || goesByPositions {
            throw ValidationError(
                "--since goes with --type, and without --from, --to, --backwards and --event-type.")
        }
        if let limit, limit < 0 { throw ValidationError("--limit is 0 or more.") }
    }

    /// What is to be read.
    func source() throws(ToolError) -> EventSource {
        if let stream { return .stream(try streamQuery(stream)) }
        if let type {
            guard EventLimits.isValidAggregateType(type) else {
                throw ToolError(.usage, "--type is not a valid aggregate type")
            }
            if !goesByPositions {
                let from = try since.map { (text) throws(ToolError) in try Self.instant(text) }
                return .category(CategoryQuery(type, from: from, tenantID: tenant, limit: limit))
            }
        }
        let direction: ReadDirection = backwards ? .backward : .forward
        let start = backwards ? to.map { $0 == .max ? $0 : $0 + 1 } : from.map { max($0, 1) - 1 }
        let filter = EventFilter(
            aggregateTypes: type.map { [$0] }, eventTypes: eventType.isEmpty ? nil : Set(eventType), tenantID: tenant)
        let query = FeedQuery(
            after: start.map { Position($0) }, direction: direction, limit: limit, filter: filter)
        return .feed(query, until: (backwards ? from : to).map { Position($0) })
    }

    /// Whether a category is to be read in another way than by the time of storing.
    private var goesByPositions: Bool { from != nil || to != nil || backwards || !eventType.isEmpty }

    private func streamQuery(_ name: String) throws(ToolError) -> StreamQuery {
        guard let stream = StreamID(name) else {
            throw ToolError(.usage, "--stream is TYPE/ID, with one slash and a UUID, not '\(name)'")
        }
        return StreamQuery(
            stream, from: from, to: to, direction: backwards ? .backward : .forward, limit: limit)
    }

    private static func instant(_ text: String) throws(ToolError) -> Timestamp {
        guard let instant = Timestamp(rfc3339: text) else {
            throw ToolError(.usage, "--since is a date and time of RFC 3339, not '\(text)'")
        }
        return instant
    }
}
