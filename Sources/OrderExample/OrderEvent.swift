public import EventSourcing
public import FoundationEssentials

public enum OrderEvent: DomainEvent, Equatable {
    case created(customerID: UUID, customerEmail: String)
    case itemAdded(productID: UUID, productName: String, quantity: Int, unitPrice: Double)
    case itemRemoved(productID: UUID)
    case submitted(totalAmount: Double)

    public enum CodingKeys: String, CodingKey, CaseIterable {
        case created = "OrderCreated", itemAdded = "OrderItemAdded"
        case itemRemoved = "OrderItemRemoved", submitted = "OrderSubmitted"
    }
}
