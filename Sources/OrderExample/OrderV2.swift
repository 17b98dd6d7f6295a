import EventSourcing
import FoundationEssentials

/// An order whose state has got another shape.
struct OrderV2: Aggregate {
    static let aggregateType = Order.aggregateType
    static let schemaVersion = 2

    private(set) var order: Order

    init(id: UUID) {
        order = Order(id: id)
    }

    mutating func apply(_ event: OrderEvent) {
        order.apply(event)
    }
}
