package import EventSourcing
import FoundationEssentials

/// The body of a commit: the aggregate type and the events, without anything that the writer decides. It can
/// therefore be encoded, and its checksum computed, before the append's turn has come.
///
/// An object: it goes through several hands, and each would count the references in it.
package final class EncodedCommit: Sendable {
    package let stream: StreamID
    package let body: [UInt8]
    package let bodyChecksum: UInt32
    package let aggregateTypeTag: UInt32
    package let eventIDs: [UInt128]

    /// Encodes events that have passed ``EventLimits``.
    package init(_ events: [NewEvent], of stream: StreamID) {
        self.stream = stream
        var ids: [UInt128] = []
        ids.reserveCapacity(events.count)
        var length = Format.aligned(1 + stream.aggregateType.utf8.count)
        for index in events.indices {
            ids.append(events[index].id.bits)
            length += Self.encodedLength(of: events, index)
        }
        eventIDs = ids
        let body = [UInt8](encodingBytes: length) { output in
            output.append(UInt8(stream.aggregateType.utf8.count))
            output.append(utf8: stream.aggregateType)
            output.padToAlignment()
            for index in events.indices { Self.append(events, index, to: &output) }
        }
        self.body = body
        bodyChecksum = Checksum.crc32c(body.span.bytes)
        aggregateTypeTag = FrameHeader.tag(of: stream.aggregateType)
    }

    /// Takes over the body of a commit that was read and verified, byte for byte; nil where it is not laid out as the
    /// header says.
    package init?(copying body: RawSpan, header: FrameHeader) {
        guard
            let layout = CommitBody(decoding: body, header: header),
            let aggregateType = body.extracting(layout.aggregateTypeRange).text
        else { return nil }
        stream = StreamID(aggregateType, UUID(bits: header.aggregateID))
        eventIDs = layout.events.map { $0.id(in: body) }
        // Safe: the pointer is used only during the call.
        self.body = body.withUnsafeBytes { Array($0) }
        bodyChecksum = header.bodyChecksum
        aggregateTypeTag = header.aggregateTypeTag
    }

    package var eventCount: Int { eventIDs.count }
    package var frameLength: Int { Format.frameHeaderBytes + body.count }

    private static func encodedLength(of events: [NewEvent], _ index: Int) -> Int {
        Format.aligned(
            Format.eventHeaderBytes + events[index].type.utf8.count + events[index].metadata.encoded.count
                + events[index].payload.count)
    }

    /// Appends one of some events, looked at where it is: taken out of the array, each of its references would be counted.
    private static func append(_ events: [NewEvent], _ index: Int, to body: inout OutputRawSpan) {
        body.append(number: events[index].id.bits.bigEndian)
        body.append(number: events[index].occurredAt.seconds)
        body.append(number: events[index].occurredAt.nanoseconds)
        body.append(number: UInt32(events[index].schemaVersion))
        body.append(number: UInt32(events[index].payload.count))
        body.append(number: UInt32(events[index].metadata.encoded.count))
        body.append(number: UInt16(events[index].type.utf8.count))
        body.append(events[index].contentType.rawValue)
        body.append(0)
        body.append(number: UInt32(0))
        body.append(utf8: events[index].type)
        events[index].metadata.encoded.withSpan { body.append(copying: $0) }
        events[index].payload.withSpan { body.append(copying: $0) }
        body.padToAlignment()
    }
}

/// The places of the parts of one event in a commit's body.
package struct EventLayout: Hashable, Sendable {
    package let start: Int
    package let typeLength: Int
    package let metadataLength: Int
    package let payloadLength: Int

    package var typeStart: Int { start + Format.eventHeaderBytes }
    package var metadataStart: Int { typeStart + typeLength }
    package var payloadStart: Int { metadataStart + metadataLength }
    package var end: Int { Format.aligned(payloadStart + payloadLength) }

    /// The event at an offset of a body; nil where none can be there.
    package init?(in body: RawSpan, at start: Int) {
        self.init(uncheckedIn: body, at: start)
        guard
            Timestamp(seconds: body.number(at: start + 16), nanoseconds: body.number(at: start + 24)) != nil,
            body.extracting(typeStart..<metadataStart).isEventType
        else { return nil }
    }

    /// The event at an offset of a body, whose time and type's name whoever calls looks at; nil where none can be there.
    @inline(__always)
    init?(uncheckedIn body: RawSpan, at start: Int) {
        guard start <= body.byteCount - Format.eventHeaderBytes else { return nil }
        self.start = start
        payloadLength = Int(body.number(at: start + 32, as: UInt32.self))
        metadataLength = Int(body.number(at: start + 36, as: UInt32.self))
        typeLength = Int(body.number(at: start + 40, as: UInt16.self))
        guard
            end <= body.byteCount, body.number(at: start + 40, as: UInt64.self) >> 24 == 0,
            body.isPadding(from: payloadStart + payloadLength, to: end)
        else { return nil }
    }

    /// The event's id.
    package func id(in body: RawSpan) -> UInt128 {
        UInt128(bigEndian: body.number(at: start, as: UInt128.self).littleEndian)
    }
}

/// Reads the body of a commit whose checksum has been verified.
package struct CommitBody {
    /// The aggregate type's UTF-8, as a range of the body.
    package let aggregateTypeRange: Range<Int>
    package let events: [EventLayout]

    /// Whether a body is laid out as the header says; like decoding it, without keeping anything.
    static func isValid(_ body: RawSpan, header: FrameHeader) -> Bool {
        guard let name = aggregateTypeRange(in: body, header: header) else { return false }
        var next = Format.aligned(name.upperBound)
        for _ in 0..<header.eventCount {
            guard let event = EventLayout(in: body, at: next) else { return false }
            next = event.end
        }
        return next == body.byteCount
    }

    /// The ids of the events in a body that is laid out as it should be.
    struct EventIDs {
        private var next: Int

        /// - Parameter nameEnd: where the aggregate type ends.
        init(behind nameEnd: Int) {
            next = Format.aligned(nameEnd)
        }

        /// The next event's id; nil behind the last.
        mutating func next(in body: RawSpan) -> UInt128? {
            guard next <= body.byteCount - Format.eventHeaderBytes else { return nil }
            defer {
                next = Format.aligned(
                    next + Format.eventHeaderBytes + Int(body.number(at: next + 32, as: UInt32.self))
                        + Int(body.number(at: next + 36, as: UInt32.self))
                        + Int(body.number(at: next + 40, as: UInt16.self)))
            }
            return UInt128(bigEndian: body.number(at: next, as: UInt128.self).littleEndian)
        }
    }

    /// - Returns: nil where the body is not laid out as the header says: a mistake of the writer, or a forgery.
    package init?(decoding body: RawSpan, header: FrameHeader) {
        guard let first = Self.aggregateTypeRange(in: body, header: header) else { return nil }
        aggregateTypeRange = first
        var events: [EventLayout] = []
        events.reserveCapacity(min(header.eventCount, body.byteCount / Format.eventHeaderBytes))
        var next = Format.aligned(first.upperBound)
        for _ in 0..<header.eventCount {
            guard let event = EventLayout(in: body, at: next) else { return nil }
            events.append(event)
            next = event.end
        }
        guard next == body.byteCount else { return nil }
        self.events = events
    }

    /// Where the aggregate type's UTF-8 stands; nil where there is none that the header was written for.
    static func aggregateTypeRange(in body: RawSpan, header: FrameHeader) -> Range<Int>? {
        guard let range = nameRange(in: body) else { return nil }
        let name = body.extracting(range)
        return name.isAggregateType && Checksum.crc32c(name) == header.aggregateTypeTag ? range : nil
    }

    /// Where the aggregate type's bytes stand, whatever they are; nil where there can be none.
    @inline(__always)
    static func nameRange(in body: RawSpan) -> Range<Int>? {
        guard body.byteCount >= 1 else { return nil }
        let range = 1..<1 + Int(body.number(at: 0, as: UInt8.self))
        let end = Format.aligned(range.upperBound)
        return end <= body.byteCount && body.isPadding(from: range.upperBound, to: end) ? range : nil
    }
}
