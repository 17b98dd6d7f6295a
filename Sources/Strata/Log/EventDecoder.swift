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
                let layout = CommitBody(decoding: body, header: header),
                let aggregateType = names.name(of: body.extracting(layout.aggregateTypeRange))
            else { return false }
            let stream = StreamID(aggregateType, UUID(bits: header.aggregateID))
            let first = max(versions.lowerBound, firstLiveVersion(stream))
            for (index, event) in layout.events.enumerated() {
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
            return true
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

/// Keeps the strings of names that were read before, by their checksum.
struct NameCache {
    private static let capacity = 1_024
    private var names: [UInt32: String] = [:]

    /// The text of a name's UTF-8; nil where it is not valid.
    mutating func name(of utf8: RawSpan) -> String? {
        let checksum = Checksum.crc32c(utf8)
        // Safe: the pointer is used only during the call.
        return utf8.withUnsafeBytes { bytes in
            if let known = names[checksum], known.utf8.elementsEqual(bytes) { return known }
            guard let name = String(validating: bytes, as: UTF8.self) else { return nil }
            if names.count < Self.capacity { names[checksum] = name }
            return name
        }
    }
}
