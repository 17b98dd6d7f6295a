/// What can happen to one kind of aggregate: an enum with a case for each event.
///
/// The enum's `CodingKeys` are the names under which the events are stored, so they never change, while cases can be
/// renamed freely:
///
/// ```swift
/// enum OrderEvent: DomainEvent {
///     case created(customerID: UUID)
///     case submitted(totalAmount: Double)
///
///     enum CodingKeys: String, CodingKey, CaseIterable {
///         case created = "OrderCreated", submitted = "OrderSubmitted"
///     }
/// }
/// ```
///
/// A payload holds the associated values by their labels, as they are spelled: `{"customerID":"…"}`. To store a value
/// under another key, give its case an enum of its own, as the compiler's coding of enums provides
/// (`enum CreatedCodingKeys: String, CodingKey { case customerID = "customer_id" }`).
public protocol DomainEvent: Codable, Sendable {
    /// The cases by the names that they are stored under.
    associatedtype CodingKeys: CodingKey, CaseIterable

    /// The version of the payload's schema under a name, 0 or more; 1 unless said otherwise.
    ///
    /// Raise it when the payload changes in a way that old payloads no longer decode, and register an upcaster
    /// (``EventRegistry/registerUpcaster(of:from:renamingTo:_:)``) from the version before.
    static func schemaVersion(of eventType: CodingKeys) -> Int
}

extension DomainEvent {
    public static func schemaVersion(of eventType: CodingKeys) -> Int { 1 }
}
