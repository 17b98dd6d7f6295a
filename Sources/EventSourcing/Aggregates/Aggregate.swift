public import FoundationEssentials

/// The state of one kind of aggregate: a value that its events, in order, lead to.
///
/// Commands, which decide what happens, are methods on the root that holds the state:
///
/// ```swift
/// extension AggregateRoot<Order> {
///     mutating func submit() throws(OrderError) {
///         guard state.status == .created else { throw .notOpen }
///         record(.submitted(totalAmount: state.total))
///     }
/// }
/// ```
///
/// The state is `Codable` so that it can be kept as a snapshot.
public protocol Aggregate: Codable, Sendable {
    /// What can happen to it.
    associatedtype Event: DomainEvent

    /// The name of the kind, which its streams are stored under, such as `Order`. It never changes.
    static var aggregateType: String { get }

    /// The version of the state's own shape, 0 or more; 1 unless said otherwise.
    ///
    /// Raise it whenever the state's properties or what ``apply(_:)`` makes of events changes: snapshots of other
    /// versions are then ignored.
    static var schemaVersion: Int { get }

    /// The state before the first event.
    init(id: UUID)

    /// Takes an event into the state.
    ///
    /// The event has happened: this neither fails nor does anything but change the state, and gives the same state
    /// for the same events, always.
    mutating func apply(_ event: Event)
}

extension Aggregate {
    public static var schemaVersion: Int { 1 }
}
