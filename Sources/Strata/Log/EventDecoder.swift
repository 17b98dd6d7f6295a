import EventSourcing
import FoundationEssentials

/// Makes events of the frames in a buffer. Events share the buffer, and names that recur share one string.
struct EventDecoder: Sendable {
    /// What frames are in.
    private(set) var bytes = Bytes()
    private var names = NameTable()
    /// What the next events share; nil where it has to be made.
    private var shared: SharedEventParts?
    /// Of the names that are shared.
    private var sharedAdditions = 0

    /// Goes on with another buffer.
    mutating func use(_ bytes: Bytes) {
        self.bytes = bytes
        shared = nil
    }

    /// Appends the events of a commit whose checksums have been verified.
    ///
    /// - Parameters:
    ///   - start: where in the buffer the frame begins.
    ///   - versions: those that are wanted.
    ///   - releases: knows which events are released; nil where none of the wanted ones is.
    ///   - filter: lets events through; nil lets all.
    /// - Returns: false where the body is not laid out as it should be.
    mutating func decode(
        at start: Int, header: FrameHeader, versions: ClosedRange<Int> = 1...Int.max, releases: LogIndex? = nil,
        filter: EventFilter? = nil, into events: inout [RecordedEvent]
    ) -> Bool {
        let bytes = bytes
        return bytes.withSpan { span in
            decode(
                span, at: start, header: header, versions: versions, releases: releases, filter: filter, into: &events)
        }
    }

    /// - Parameter span: the bytes of the buffer.
    @inline(__always)
    mutating func decode(
        _ span: RawSpan, at start: Int, header: FrameHeader, versions: ClosedRange<Int>, releases: LogIndex?,
        filter: EventFilter?, into events: inout [RecordedEvent]
    ) -> Bool {
        let bodyStart = start + Format.frameHeaderBytes
        let body = span.extracting(bodyStart..<bodyStart + header.bodyLength)
        guard
            let typeRange = CommitBody.nameRange(in: body),
            var aggregateType = names.aggregateType(body.extracting(typeRange), tag: header.aggregateTypeTag)
        else { return false }
        var generation = names.generation
        let aggregateID = UUID(bits: header.aggregateID)
        var first = versions.lowerBound
        if let releases, releases.hasReleases {
            let stream = StreamID(names.names[aggregateType], aggregateID)
            first = max(first, releases.firstLiveVersion(of: stream))
        }
        var next = Format.aligned(typeRange.upperBound)
        for index in 0..<header.eventCount {
            guard
                let event = EventLayout(uncheckedIn: body, at: next),
                let occurredAt = event.occurredAt(in: body),
                let type = names.eventType(body.extracting(event.typeStart..<event.metadataStart))
            else { return false }
            next = event.end
            if names.generation != generation {
                guard let again = names.aggregateType(body.extracting(typeRange), tag: header.aggregateTypeTag) else {
                    return false
                }
                (aggregateType, generation) = (again, names.generation)
            }
            let version = header.firstVersion + index
            guard version >= first, version <= versions.upperBound else { continue }
            let recorded = RecordedEvent(
                sharedParts(),
                RecordedEvent.Places(
                    aggregateType: aggregateType, type: type,
                    payload: bodyStart + event.payloadStart..<bodyStart + event.payloadEnd,
                    metadata: bodyStart + event.metadataStart..<bodyStart + event.payloadStart),
                aggregateID: aggregateID, version: version, position: Position(header.firstPosition + index),
                storedAt: header.storedAt, id: UUID(bits: event.id(in: body)),
                schemaVersion: event.schemaVersion(in: body), occurredAt: occurredAt,
                contentType: event.contentType(in: body))
            if filter?.matches(recorded) ?? true { events.append(recorded) }
        }
        return next == body.byteCount
    }
    @inline(__always)
    private mutating func sharedParts() -> SharedEventParts {
        if let shared, sharedAdditions == names.additions { return shared }
        let parts = SharedEventParts(bytes, names: names.names)
        (shared, sharedAdditions) = (parts, names.additions)
        return parts
    }
}

extension EventLayout {
    var payloadEnd: Int { payloadStart + payloadLength }

    func occurredAt(in body: RawSpan) -> Timestamp? {
        Timestamp(seconds: body.number(at: start + 16), nanoseconds: body.number(at: start + 24))
    }

    func schemaVersion(in body: RawSpan) -> Int {
        Int(body.number(at: start + 28, as: UInt32.self))
    }

    func contentType(in body: RawSpan) -> ContentType {
        ContentType(rawValue: body.number(at: start + 42))
    }
}
