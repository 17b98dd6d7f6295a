import EventSourcing
import Foundation

/// The events that all sides store.
struct EventSample: Sendable {
    let name: String
    let aggregateType: String
    let templates: [EventTemplate]
    /// How many streams there are; the templates' own are repeated without end instead.
    let streamCount: Int
    let zipf: ZipfDistribution?
    /// Added to the streams' numbers, so that they are others.
    var firstStream = 0

    /// Whether each template belongs to a stream of its own, so that templates are walked in their order.
    var isRecorded: Bool { zipf == nil }

    /// The id of a stream.
    func streamID(_ stream: Int) -> SampleID {
        var randomness = Randomness(seed: 0x57EA_0000_0000_0000 &+ UInt64(firstStream + stream))
        return randomness.id()
    }

    func name(of stream: Int) -> StreamID {
        StreamID(aggregateType, UUID(streamID(stream)))
    }

    func newEvent(_ event: SampleEvent) -> NewEvent {
        let template = templates[event.template]
        return NewEvent(
            id: UUID(event.id), type: template.type, occurredAt: Self.occurredAt, payload: template.payload,
            metadata: template.metadata)
    }

    private static let occurredAt = Timestamp.now()
}

extension EventSample {
    static let payloadBytes = 256
    static let metadataBytes = 36

    /// Orders: payloads of 256 bytes of JSON, metadata of 36 bytes, streams that a Zipf distribution chooses.
    static func orders(streams: Int = 100_000, templates count: Int = 16_384) -> EventSample {
        var randomness = Randomness(seed: 256)
        let templates = (0..<count).map { number in orderTemplate(number, &randomness) }
        return EventSample(
            name: "orders", aggregateType: "Order", templates: templates, streamCount: streams,
            zipf: ZipfDistribution(count: streams))
    }

    private static func orderTemplate(_ number: Int, _ randomness: inout Randomness) -> EventTemplate {
        let types = ["OrderItemAdded", "OrderItemAdded", "OrderItemRemoved", "OrderCreated", "OrderSubmitted"]
        // A shop sells the same things again and again, at one price each.
        let widget = randomness.index(below: 500)
        var product = Randomness(seed: UInt64(widget))
        var json =
            #"{"product_id":"\#(UUID(product.id()).uuidString.lowercased())","product_name":"Widget \#(widget)","#
            + #""quantity":\#(1 + randomness.index(below: 20)),"unit_price":\#(product.index(below: 10_000)).99,"#
            + #""currency":"EUR","warehouse":"Hamburg \#(randomness.index(below: 12))","note":""#
        let words = ["deliver", "before", "noon", "leave", "at", "the", "door", "gift", "wrapped", "please", "call"]
        while json.utf8.count < payloadBytes - 2 { json += words[randomness.index(below: words.count)] + " " }
        let payload = Array(json.utf8.prefix(payloadBytes - 2)) + Array(#""}"#.utf8)
        // Encoded, a well-known key takes three bytes beside its value.
        let correlation = String(UUID(randomness.id()).uuidString.lowercased().prefix(metadataBytes - 3))
        return EventTemplate(
            type: types[number % types.count], payload: Bytes(payload),
            metadata: EventMetadata(correlationID: correlation),
            metadataBytes: Bytes([0, 1, UInt8(correlation.utf8.count)] + Array(correlation.utf8)))
    }
}

extension UUID {
    init(_ id: SampleID) {
        self.init(uuid: unsafeBitCast((id.high.bigEndian, id.low.bigEndian), to: uuid_t.self))
    }
}
