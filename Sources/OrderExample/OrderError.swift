/// Why an order refuses a command.
public enum OrderError: String, Error {
    case alreadyExists = "Order already exists"
    case notCreated = "Order must be in created status"
    case quantityNotPositive = "Quantity must be positive"
    case itemNotFound = "Item not found in order"
    case empty = "Cannot submit empty order"
}
