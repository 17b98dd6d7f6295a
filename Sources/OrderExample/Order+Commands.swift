public import EventSourcing
public import FoundationEssentials

extension AggregateRoot<Order> {
    public mutating func create(customerID: UUID, customerEmail: String) throws(OrderError) {
        guard version == 0 else { throw .alreadyExists }
        record(.created(customerID: customerID, customerEmail: customerEmail))
    }

    public mutating func addItem(
        _ productID: UUID, _ productName: String, quantity: Int, unitPrice: Double
    ) throws(OrderError) {
        guard state.status == .created else { throw .notCreated }
        guard quantity > 0 else { throw .quantityNotPositive }
        record(.itemAdded(productID: productID, productName: productName, quantity: quantity, unitPrice: unitPrice))
    }

    public mutating func removeItem(_ productID: UUID) throws(OrderError) {
        guard state.status == .created else { throw .notCreated }
        guard state.items.contains(where: { $0.productID == productID }) else { throw .itemNotFound }
        record(.itemRemoved(productID: productID))
    }

    public mutating func submit() throws(OrderError) {
        guard state.status == .created else { throw .notCreated }
        guard !state.items.isEmpty else { throw .empty }
        record(.submitted(totalAmount: state.calculatedTotal))
    }
}
