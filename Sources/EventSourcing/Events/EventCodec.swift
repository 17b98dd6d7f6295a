/// Turns events and aggregates' states into bytes and back.
public protocol EventCodec: Sendable {
    /// What the bytes are; stored beside them.
    var contentType: ContentType { get }

    /// An event's name and its payload without that name.
    ///
    /// - Throws: ``EventStoreError/Code/encodingFailed``.
    func encode<Event: DomainEvent>(_ event: Event) throws(EventStoreError) -> EncodedEvent

    /// The event that was stored under a name of its type.
    ///
    /// - Throws: ``EventStoreError/Code/decodingFailed``.
    func decode<Event: DomainEvent>(
        _ type: Event.Type, named eventType: String, from payload: Bytes
    ) throws(EventStoreError) -> Event

    /// A snapshot's state.
    ///
    /// - Throws: ``EventStoreError/Code/encodingFailed``.
    func encodeState<State: Aggregate>(_ state: State) throws(EventStoreError) -> Bytes

    /// The state that a snapshot holds.
    ///
    /// - Throws: ``EventStoreError/Code/decodingFailed``.
    func decodeState<State: Aggregate>(_ type: State.Type, from bytes: Bytes) throws(EventStoreError) -> State
}

/// An event on its way into a store.
public struct EncodedEvent: Hashable, Sendable {
    /// The name that it is stored under.
    public let type: String
    /// Its encoded values.
    public let payload: Bytes

    public init(type: String, payload: Bytes) {
        self.type = type
        self.payload = payload
    }
}
