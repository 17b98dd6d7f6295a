#if JetStream
import EventSourcing
import FoundationEssentials

/// A stream's claim to an event id: if the first commit of the stream behind `base` holds the event, the id is taken by
/// it, and if that commit is another one, the claim is void for ever.
///
/// Claims are made before the commit is, on a subject of the id, where the server lets only one of two claims through.
/// While the stream stands at `base`, the claim is open: whoever made it may still commit.
struct EventIDClaim: Sendable {
    let stream: StreamID
    /// The sequence of the stream's last message; 0 where it had none.
    let base: UInt64
    /// A sequence from which on to look for the next one.
    let floor: UInt64

    init(by stream: StreamID, after head: StreamHead) {
        self.stream = stream
        base = head.sequence
        floor = head.floor
    }

    /// Reads a claim; nil where the bytes are none.
    init?(_ bytes: Bytes) {
        var reader = ByteReader(bytes)
        guard reader.read(UInt8.self) == UInt8(StoreLayout.format), let base: UInt64 = reader.read(),
            let floor: UInt64 = reader.read(), let id: UInt128 = reader.read(),
            let aggregateType = reader.readText(count: reader.rest.count)
        else { return nil }
        stream = StreamID(aggregateType, UUID(bits: id))
        self.base = base
        self.floor = floor
    }

    var encoded: Bytes {
        var writer = ByteWriter(capacity: 33 + stream.aggregateType.utf8.count)
        writer.write(UInt8(StoreLayout.format))
        writer.write(base)
        writer.write(floor)
        writer.write(stream.id.bits)
        writer.write(stream.aggregateType)
        return Bytes(writer.bytes)
    }

    /// Where the commit behind the base is.
    func next(in layout: StoreLayout) -> MessageLocation {
        .next(subject: layout.events(of: stream), from: max(base, floor) + 1)
    }
}
#endif
