/// What events of one read share, so that each holds a single reference: making, copying and letting go of an event
/// count references once, whatever it is made of.
@usableFromInline
package final class SharedEventParts: Sendable {
    /// Holds the payloads.
    @usableFromInline let payloads: Bytes
    /// Holds the metadata in its encoded form; the same bytes as ``payloads`` where events were read from one buffer.
    @usableFromInline let metadata: Bytes
    /// Names of aggregate types and of event types.
    @usableFromInline let names: [String]

    /// - Parameters:
    ///   - bytes: a buffer with payloads and encoded metadata that a checksum vouches for.
    ///   - names: those of its events.
    package init(_ bytes: Bytes, names: [String]) {
        payloads = bytes
        metadata = bytes
        self.names = names
    }

    /// The parts of one event.
    init(payload: Bytes, metadata: EventMetadata, aggregateType: String, type: String) {
        payloads = payload
        self.metadata = metadata.encoded
        names = [aggregateType, type]
    }
}
