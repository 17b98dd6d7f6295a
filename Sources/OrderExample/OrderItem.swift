public import FoundationEssentials

/// A line of an order.
public struct OrderItem: Codable, Equatable, Sendable {
    public let productID: UUID
    public let productName: String
    public let quantity: Int
    public let unitPrice: Double

    public var total: Double { Double(quantity) * unitPrice }

    public enum CodingKeys: String, CodingKey, CaseIterable {
        case productID = "product_id", productName = "product_name", quantity, unitPrice = "unit_price"
    }
}
