public import EventSourcing
public import FoundationEssentials

/// The state of an order.
public struct Order: Aggregate, Equatable {
    public static let aggregateType = "Order"

    public enum Status: String, Codable, Sendable {
        case draft, created, submitted
    }

    public let id: UUID
    public private(set) var customerID: UUID?
    public private(set) var customerEmail = ""
    public private(set) var items: [OrderItem] = []
    public private(set) var status = Status.draft
    public private(set) var totalAmount = 0.0

    public var calculatedTotal: Double { items.reduce(0) { $0 + $1.total } }

    public init(id: UUID) {
        self.id = id
    }

    public mutating func apply(_ event: OrderEvent) {
        switch event {
        case .created(let customerID, let customerEmail):
            self.customerID = customerID
            self.customerEmail = customerEmail
            status = .created
        case .itemAdded(let productID, let productName, let quantity, let unitPrice):
            items.append(
                OrderItem(productID: productID, productName: productName, quantity: quantity, unitPrice: unitPrice))
        case .itemRemoved(let productID):
            items.removeAll { $0.productID == productID }
        case .submitted(let totalAmount):
            status = .submitted
            self.totalAmount = totalAmount
        }
    }

    public enum CodingKeys: String, CodingKey, CaseIterable {
        case id = "order_id", customerID = "customer_id", customerEmail = "customer_email"
        case items, status, totalAmount = "total_amount"
    }
}
