import EventSourcing
import FoundationEssentials

/// Makes events of frames. Events share the bytes that they were read with, and names that recur share one string.
struct EventDecoder {
    private var names = NameCache()

    /// Appends the events of a commit whose checksums have been verified.
    ///
    /// - Parameters:
    ///   - bytes: a buffer that holds the frame.
    ///   - start: where in the buffer the frame begins.
    ///   - versions: those that are wanted.
    ///   - firstLiveVersion: gives the lowest version of a stream that is not released; called once.
    /// - Returns: false where the body is not laid out as it should be.
    mutating func decode(
        _ bytes: Bytes, at start: Int, header: FrameHeader, versions: ClosedRange<Int> = 1...Int.max,
        firstLiveVersion: (StreamID) -> Int, into events: inout [RecordedEvent],
        where isWanted: (RecordedEvent) -> Bool = { _ in true }
    ) -> Bool {
        let bodyStart = start + Format.frameHeaderBytes
        return bytes.withSpan { (span: RawSpan) -> Bool in
            let body = span.extracting(bodyStart..<bodyStart + header.bodyLength)
            guard
                let typeRange = CommitBody.aggregateTypeRange(in: body, header: header),
                let aggregateType = names.name(of: body.extracting(typeRange), checksum: header.aggregateTypeTag)
            else { return false }
            let stream = StreamID(aggregateType, UUID(bits: header.aggregateID))
            let first = max(versions.lowerBound, firstLiveVersion(stream))
            var next = Format.aligned(typeRange.upperBound)
            for index in 0..<header.eventCount {
                guard let event = EventLayout(in: body, at: next) else { return false }
                next = event.end
                let version = header.firstVersion + index
                guard version >= first, version <= versions.upperBound else { continue }
                guard
                    let type = names.name(of: body.extracting(event.typeStart..<event.metadataStart)),
                    let occurredAt = event.occurredAt(in: body)
                else { return false }
                let recorded = RecordedEvent(
                    stream: stream, version: version,
                    position: Position(header.firstPosition + index), storedAt: header.storedAt,
                    id: UUID(bits: event.id(in: body)), type: type, schemaVersion: event.schemaVersion(in: body),
                    occurredAt: occurredAt, contentType: event.contentType(in: body),
                    payload: bytes.slice(bodyStart + event.payloadStart..<bodyStart + event.payloadEnd),
                    metadata: EventMetadata(
                        uncheckedEncoded: bytes.slice(bodyStart + event.metadataStart..<bodyStart + event.payloadStart))
                )
                if isWanted(recorded) { events.append(recorded) }
            }
            return next == body.byteCount
        }
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

/// Keeps the strings of names that were read before, each in the place that its checksum gives it.
struct NameCache {
    private struct Entry {
        var checksum: UInt32 = 0
        var utf8: [UInt8] = []
        var name = ""
    }

    private static let places = 256
    private var entries: [Entry] = []

    /// The text of a name's UTF-8; nil where it is not valid.
    mutating func name(of utf8: RawSpan) -> String? {
        name(of: utf8, checksum: Checksum.crc32c(utf8))
    }

    mutating func name(of utf8: RawSpan, checksum: UInt32) -> String? {
        if entries.isEmpty { entries = Array(repeating: Entry(), count: Self.places) }
        let place = Int(checksum) & (Self.places - 1)
        if entries[place].checksum == checksum, utf8.isEqual(to: entries[place].utf8) { return entries[place].name }
        guard let name = utf8.text else { return nil }
        entries[place] = Entry(checksum: checksum, utf8: Array(name.utf8), name: name)
        return name
    }
}
