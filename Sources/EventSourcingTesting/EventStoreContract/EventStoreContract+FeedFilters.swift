import EventSourcing

extension EventStoreContract {
    static let feedFilters: [Requirement] = [
        filters("one aggregate type", EventFilter(aggregateTypes: ["Order"])) { $0.aggregateType == "Order" },
        filters("several aggregate types", EventFilter(aggregateTypes: ["Order", "Payment"])) {
            $0.aggregateType != "Invoice"
        },
        filters("one event type", EventFilter(eventTypes: ["Opened"])) { $0.event.type == "Opened" },
        filters("several event types", EventFilter(eventTypes: ["Opened", "Closed"])) { $0.event.type != "Changed" },
        filters("a tenant", EventFilter(tenantID: "acme")) { $0.event.metadata.tenantID == "acme" },
        filters("aggregate and event types", EventFilter(aggregateTypes: ["Order"], eventTypes: ["Opened"])) {
            $0.aggregateType == "Order" && $0.event.type == "Opened"
        },
        filters("event types and a tenant", EventFilter(eventTypes: ["Opened"], tenantID: "acme")) {
            $0.event.type == "Opened" && $0.event.metadata.tenantID == "acme"
        },
        filters("aggregate types and a tenant", EventFilter(aggregateTypes: ["Order"], tenantID: "acme")) {
            $0.aggregateType == "Order" && $0.event.metadata.tenantID == "acme"
        },
        filters("names that no event has", EventFilter(aggregateTypes: ["Nobody"])) { _ in false },
        filters("an empty set of event types", EventFilter(eventTypes: [])) { _ in false },
        filters("an empty set of aggregate types", EventFilter(aggregateTypes: [])) { _ in false },
        Requirement("a feed backward is filtered") { store in
            let events = try await appendMixture(to: store).filter { $0.aggregateType == "Order" }
            try await store.readAll(direction: .backward, filter: EventFilter(aggregateTypes: ["Order"]))
                .require("the feed", gives: events.map(\.event).reversed())
        },
        Requirement("a filtered feed resumes behind a position") { store in
            let events = try await appendMixture(to: store).filter { $0.aggregateType == "Order" }
            let filter = EventFilter(aggregateTypes: ["Order"])
            let seen = try await store.readAll(limit: 2, filter: filter).collect()
            let last = try require("the second event", seen.last)
            try await store.readAll(after: last.position, filter: filter)
                .require("the rest of the feed", gives: events.dropFirst(2).map(\.event))
        },
        Requirement("the limit of a feed counts the events that match only") { store in
            let events = try await appendMixture(to: store).filter { $0.aggregateType == "Payment" }
            try await store.readAll(limit: 3, filter: EventFilter(aggregateTypes: ["Payment"]))
                .require("the feed", gives: events.prefix(3).map(\.event))
        },
        Requirement("a filter finds a match behind many events that do not match") { store in
            for _ in 1...3 { try await store.append(400, to: .sample("Invoice")) }
            let event = NewEvent.sample()
            try await store.append(event, to: .sample("Order"))
            try await store.readAll(limit: 1, filter: EventFilter(aggregateTypes: ["Order"]))
                .require("the feed", gives: [event])
        },
    ]

    private static func filters(
        _ what: String, _ filter: EventFilter, _ matches: @escaping @Sendable (Mixture) -> Bool
    ) -> Requirement {
        Requirement("a feed filtered by \(what) gives the events that match") { store in
            let events = try await appendMixture(to: store).filter(matches).map(\.event)
            try await store.readAll(filter: filter).require("the feed", gives: events)
        }
    }

    struct Mixture: Sendable {
        let aggregateType: String
        let event: NewEvent
    }

    /// One event for each combination of three aggregate types, three event types, and two tenants or none.
    static func appendMixture(to store: any EventStore) async throws -> [Mixture] {
        var mixtures: [Mixture] = []
        for tenant in ["acme", nil, "globex"] {
            for eventType in ["Opened", "Changed", "Closed"] {
                for aggregateType in ["Invoice", "Order", "Payment"] {
                    let event = NewEvent.sample(eventType, metadata: EventMetadata(tenantID: tenant, actor: "ada"))
                    try await store.append(event, to: .sample(aggregateType))
                    mixtures.append(Mixture(aggregateType: aggregateType, event: event))
                }
            }
        }
        return mixtures
    }
}
