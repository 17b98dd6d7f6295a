import EventSourcing
import Foundation

/// The reference's order, as an aggregate.
struct TypedOrder: Aggregate {
    static let aggregateType = "Order"
    static let itemCount = 200

    enum Event: DomainEvent {
        case created(customerID: UUID, customerEmail: String)
        case itemAdded(productID: UUID, productName: String, quantity: Int, unitPrice: Double)

        enum CodingKeys: String, CodingKey, CaseIterable {
            case created = "OrderCreated"
            case itemAdded = "OrderItemAdded"
        }
    }

    struct Item: Codable, Sendable {
        let productID: UUID
        let productName: String
        let quantity: Int
        let unitPrice: Double
    }

    let id: UUID
    private(set) var customerID: UUID?
    private(set) var customerEmail = ""
    private(set) var items: [Item] = []
    private(set) var status = "draft"
    private(set) var totalAmount = 0.0

    init(id: UUID) {
        self.id = id
    }

    mutating func apply(_ event: Event) {
        switch event {
        case .created(let customerID, let customerEmail):
            self.customerID = customerID
            self.customerEmail = customerEmail
            status = "created"
        case .itemAdded(let productID, let productName, let quantity, let unitPrice):
            items.append(
                Item(productID: productID, productName: productName, quantity: quantity, unitPrice: unitPrice))
        }
    }

    /// An order whose 201 events are not saved yet.
    static func recorded() -> AggregateRoot<TypedOrder> {
        var order = AggregateRoot<TypedOrder>(id: UUID())
        order.record(.created(customerID: UUID(), customerEmail: "customer@example.com"))
        for number in 0..<itemCount {
            order.record(
                .itemAdded(
                    productID: UUID(), productName: "Product \(number)", quantity: 1, unitPrice: 10 + Double(number)))
        }
        return order
    }
}
