import EventSourcing
import FoundationEssentials

/// What a faulty store makes of an event's contents.
struct Distortion {
    let fault: EventStoreFault?
    let first: NewEvent?

    func apply(to stream: StreamID) -> StreamID {
        switch fault {
        case .forgetsTheStream: StreamID(stream.aggregateType, UUID(bits: 0))
        case .keepsAggregateTypesInASCII: StreamID(ascii(stream.aggregateType), stream.id)
        default: stream
        }
    }

    func apply(to event: NewEvent) -> NewEvent {
        NewEvent(
            id: fault == .givesNewIDs ? UUID() : event.id, type: type(event), schemaVersion: schemaVersion(event),
            occurredAt: occurredAt(event), contentType: contentType(event), payload: payload(event),
            metadata: metadata(event))
    }

    private func type(_ event: NewEvent) -> String {
        switch fault {
        case .givesAllEventsTheFirstType: first?.type ?? event.type
        case .keepsTypesInASCII: ascii(event.type)
        default: event.type
        }
    }

    private func schemaVersion(_ event: NewEvent) -> Int {
        switch fault {
        case .keepsOneSchemaVersion: 1
        case .keepsSchemaVersionsInSixteenBits: event.schemaVersion & 0xFFFF
        default: event.schemaVersion
        }
    }

    private func contentType(_ event: NewEvent) -> ContentType {
        switch fault {
        case .keepsJSONOnly: .json
        case .keepsKnownContentTypesOnly: event.contentType.rawValue < 128 ? event.contentType : .binary
        default: event.contentType
        }
    }

    private func occurredAt(_ event: NewEvent) -> Timestamp {
        let instant = event.occurredAt
        return switch fault {
        case .keepsMicroseconds:
            Timestamp(seconds: instant.seconds, nanoseconds: instant.nanoseconds / 1_000 * 1_000) ?? instant
        case .keepsTimesSince1970Only: max(instant, Timestamp(seconds: 0, nanoseconds: 0) ?? instant)
        case .keepsTimesOfThisCenturyOnly: min(instant, Timestamp(rfc3339: "2100-01-01T00:00:00Z") ?? instant)
        default: instant
        }
    }

    private func metadata(_ event: NewEvent) -> EventMetadata {
        var pairs = event.metadata.pairs
        switch fault {
        case .forgetsCorrelationIDs: pairs["correlation_id"] = nil
        case .forgetsCausationIDs: pairs["causation_id"] = nil
        case .forgetsTenantIDs: pairs["tenant_id"] = nil
        case .forgetsActors: pairs["actor"] = nil
        case .forgetsFurtherMetadata: for key in event.metadata.additional.keys { pairs[key] = nil }
        case .forgetsEmptyMetadataValues: pairs = pairs.filter { !$0.value.isEmpty }
        case .keepsMetadataInASCII: pairs = pairs.mapValues { ascii($0) }
        case .inventsMetadata: pairs["host"] = "localhost"
        case .sharesMetadataInAnAppend: pairs = first?.metadata.pairs ?? pairs
        case .keepsWellKnownMetadataAlone:
            if pairs["correlation_id"] != nil { for key in event.metadata.additional.keys { pairs[key] = nil } }
        default: return event.metadata
        }
        return EventMetadata(pairs)
    }

    private func payload(_ event: NewEvent) -> Bytes {
        let payload = event.payload
        switch fault {
        case .stripsSpacesFromPayloads: return Bytes(copying: payload.filter { $0 != UInt8(ascii: " ") })
        case .keepsPayloadsInASCII: return Bytes(copying: payload.map { $0 & 0x7F })
        case .replacesEmptyPayloads: return payload.isEmpty ? Bytes("{}") : payload
        case .endsPayloadsAtNUL: return Bytes(copying: payload.prefix { $0 != 0 })
        case .repairsUTF8: return Bytes(String(decoding: payload, as: UTF8.self))
        case .cutsPayloadsAt64KiB: return payload.slice(0..<min(payload.count, 65_536))
        case .padsPayloadsToEightBytes:
            guard payload.count < 1 << 20 else { return payload }
            return Bytes(copying: Array(payload) + Array(repeating: 0, count: (8 - payload.count % 8) % 8))
        case .altersTheLastByte:
            return payload.last.map { Bytes(copying: payload.dropLast() + [$0 ^ 1]) } ?? payload
        default: return payload
        }
    }

    private func ascii(_ text: String) -> String {
        String(decoding: text.utf8.map { $0 < 0x80 ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
    }
}
