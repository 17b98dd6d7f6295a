import EventSourcing

extension EventStoreContract {
    static let categoryReads: [Requirement] = [
        Requirement("a category gives the events of its aggregate type") { store in
            let events = try await appendMixture(to: store).filter { $0.aggregateType == "Order" }.map(\.event)
            try await store.readCategory("Order").require("the category", gives: events)
        },
        Requirement("a category is ordered by stored-at, then by position") { store in
            _ = try await appendMixture(to: store)
            let events = try await store.readCategory("Order").collect()
            let sorted = events.sorted { ($0.storedAt, $0.position) < ($1.storedAt, $1.position) }
            try requireIDs(of: events, are: sorted.map(\.id), "the category")
        },
        Requirement("a category holds all streams of its type") { store in
            let events = try await store.append(2, to: .sample()) + store.append(2, to: .sample())
            try await store.readCategory("Order").require("the category", gives: events)
        },
        Requirement("a category without events is empty") { store in
            try await store.append(2, to: .sample("Invoice"))
            try await store.readCategory("Order").require("the category", gives: [NewEvent]())
        },
        Requirement("a category whose name begins like another's holds its own events") { store in
            let events = try await store.append(2, to: .sample("Order"))
            try await store.append(2, to: .sample("OrderLine"))
            try await store.readCategory("Order").require("the category", gives: events)
        },
        Requirement("a category from an instant on includes that instant") { store in
            _ = try await appendMixture(to: store)
            let events = try await store.readCategory("Order").collect()
            for (index, event) in events.enumerated() {
                let expected = events.filter { $0.storedAt >= event.storedAt }
                try await store.readCategory("Order", from: event.storedAt)
                    .require("the category from the instant of event \(index + 1)", gives: expected)
            }
        },
        Requirement("a category from an instant on leaves out what was stored before") { store in
            _ = try await appendMixture(to: store)
            let last = try require("the last event", try await store.readCategory("Order").collect().last)
            try await store.readCategory("Order", from: last.storedAt.next)
                .require("the category behind its last instant", gives: [NewEvent]())
        },
        Requirement("a category from the first instant there is gives all its events") { store in
            let events = try await appendMixture(to: store).filter { $0.aggregateType == "Order" }.map(\.event)
            try await store.readCategory("Order", from: .distantPast).require("the category", gives: events)
        },
        Requirement("a category of a tenant gives that tenant's events") { store in
            let events = try await appendMixture(to: store)
                .filter { $0.aggregateType == "Order" && $0.event.metadata.tenantID == "acme" }.map(\.event)
            try await store.readCategory("Order", tenantID: "acme").require("the category", gives: events)
        },
        Requirement("a category of a tenant from an instant on meets both demands") { store in
            _ = try await appendMixture(to: store)
            let events = try await store.readCategory("Order").collect().filter { $0.metadata.tenantID == "acme" }
            let middle = try require("an event of the tenant", events.dropFirst().first)
            try await store.readCategory("Order", from: middle.storedAt, tenantID: "acme")
                .require("the category", gives: events.filter { $0.storedAt >= middle.storedAt })
        },
        Requirement("a category gives at most as many events as the limit") { store in
            let events = try await appendMixture(to: store).filter { $0.aggregateType == "Order" }.map(\.event)
            try await store.readCategory("Order", limit: 2).require("the category", gives: Array(events.prefix(2)))
        },
        Requirement("the limit of a category counts the events that match only") { store in
            let events = try await appendMixture(to: store)
                .filter { $0.aggregateType == "Order" && $0.event.metadata.tenantID == "globex" }.map(\.event)
            try await store.readCategory("Order", tenantID: "globex", limit: 2)
                .require("the category", gives: Array(events.prefix(2)))
        },
        Requirement("a category with a limit of 0 is empty") { store in
            _ = try await appendMixture(to: store)
            try await store.readCategory("Order", limit: 0).require("the category", gives: [NewEvent]())
        },
        Requirement("a category shows an append as soon as it has returned") { store in
            for count in 1...5 {
                try await store.append(1, to: .sample())
                try require("the number of events", try await store.readCategory("Order").collect().count, is: count)
            }
        },
    ]
}

extension Timestamp {
    /// The next instant that can be expressed.
    fileprivate var next: Timestamp {
        Timestamp(seconds: seconds, nanoseconds: nanoseconds + 1)
            ?? Timestamp(seconds: seconds + 1, nanoseconds: 0) ?? .distantFuture
    }
}
