/// Which way a read goes.
public enum ReadDirection: Hashable, Sendable {
    /// From older to newer events.
    case forward
    /// From newer to older events.
    case backward
}

/// A read of one stream.
public struct StreamQuery: Hashable, Sendable {
    /// The stream.
    public var stream: StreamID
    /// The lowest version to read, inclusive; nil for the first.
    public var from: Int?
    /// The highest version to read, inclusive; nil for the last.
    public var to: Int?
    /// Ascending or descending versions.
    public var direction: ReadDirection
    /// At most so many events, 0 or more; nil for all.
    public var limit: Int?

    public init(
        _ stream: StreamID, from: Int? = nil, to: Int? = nil, direction: ReadDirection = .forward, limit: Int? = nil
    ) {
        self.stream = stream
        self.from = from
        self.to = to
        self.direction = direction
        self.limit = limit
    }
}

/// Which events of the whole store a read wants; nil lets all through.
public struct EventFilter: Hashable, Sendable {
    /// Aggregate types, one of which an event's stream has.
    public var aggregateTypes: Set<String>?
    /// Event types, one of which an event has.
    public var eventTypes: Set<String>?
    /// The tenant that an event's metadata names.
    public var tenantID: String?

    public init(aggregateTypes: Set<String>? = nil, eventTypes: Set<String>? = nil, tenantID: String? = nil) {
        self.aggregateTypes = aggregateTypes
        self.eventTypes = eventTypes
        self.tenantID = tenantID
    }

    /// Lets all events through.
    public static let all = EventFilter()

    /// Whether the filter lets an event through.
    public func matches(_ event: RecordedEvent) -> Bool {
        if let aggregateTypes, !aggregateTypes.contains(event.stream.aggregateType) { return false }
        if let eventTypes, !eventTypes.contains(event.type) { return false }
        if let tenantID, event.metadata.tenantID != tenantID { return false }
        return true
    }
}

/// A read of the whole store in the order of positions.
public struct FeedQuery: Hashable, Sendable {
    /// Where to resume, exclusive: the first event has a higher position, or, backward, a lower one. nil begins at
    /// the first event, or, backward, at the last.
    public var position: Position?
    /// Ascending or descending positions.
    public var direction: ReadDirection
    /// At most so many events that match, 0 or more; nil for all.
    public var limit: Int?
    /// Which events.
    public var filter: EventFilter

    public init(
        after position: Position? = nil, direction: ReadDirection = .forward, limit: Int? = nil,
        filter: EventFilter = .all
    ) {
        self.position = position
        self.direction = direction
        self.limit = limit
        self.filter = filter
    }
}

/// A read of all streams of one aggregate type, ordered by stored-at, then by position.
public struct CategoryQuery: Hashable, Sendable {
    /// The aggregate type.
    public var aggregateType: String
    /// The earliest stored-at, inclusive; nil for the beginning.
    public var from: Timestamp?
    /// The tenant that an event's metadata names; nil for all.
    public var tenantID: String?
    /// At most so many events, 0 or more; nil for all.
    public var limit: Int?

    public init(_ aggregateType: String, from: Timestamp? = nil, tenantID: String? = nil, limit: Int? = nil) {
        self.aggregateType = aggregateType
        self.from = from
        self.tenantID = tenantID
        self.limit = limit
    }
}
