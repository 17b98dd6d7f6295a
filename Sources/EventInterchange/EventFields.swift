import EventSourcing
import FoundationEssentials

/// Turns the members of an event's object into an event's values.
struct EventFields {
    let line: Bytes
    let text: JSONText

    /// The event that the object describes. Members that it knows are taken out.
    func event(of object: inout JSONObject) throws(InterchangeError) -> NewEvent {
        for ignored in ["version", "position", "stored_at"] { _ = object.take(ignored) }
        let id = try uuid(of: try object.require("event_id"), as: "event_id")
        let type = try text(of: try object.require("event_type"), as: "event_type")
        let occurredAt = try timestamp(of: try object.require("occurred_at"), as: "occurred_at")
        let schemaVersion = try object.take("schema_version").map { (value) throws(InterchangeError) in
            try integer(of: value, as: "schema_version")
        }
        let metadata = try metadata(of: &object)
        let (contentType, payload) = try content(of: &object)
        return NewEvent(
            id: id, type: type, schemaVersion: schemaVersion ?? 1, occurredAt: occurredAt, contentType: contentType,
            payload: payload, metadata: metadata)
    }

    /// The stream that an event names.
    func stream(of object: inout JSONObject) throws(InterchangeError) -> StreamID {
        let type = try text(of: try object.require("aggregate_type"), as: "aggregate_type")
        return StreamID(type, try uuid(of: try object.require("aggregate_id"), as: "aggregate_id"))
    }

    /// The stream that an event inside a commit names; the commit's for what it does not name.
    func optionalStream(
        of object: inout JSONObject, within commit: StreamID
    ) throws(InterchangeError) -> StreamID {
        let type = try object.take("aggregate_type").map { (value) throws(InterchangeError) in
            try text(of: value, as: "aggregate_type")
        }
        let id = try object.take("aggregate_id").map { (value) throws(InterchangeError) in
            try uuid(of: value, as: "aggregate_id")
        }
        return StreamID(type ?? commit.aggregateType, id ?? commit.id)
    }

    func expectedVersion(of object: inout JSONObject) throws(InterchangeError) -> ExpectedVersion {
        guard let value = object.take("expected_version") else { return .any }
        if value.kind == .number { return .exactly(try integer(of: value, as: "expected_version")) }
        if value.kind == .string {
            switch try text(of: value, as: "expected_version") {
            case "any": return .any
            case "no_stream": return .noStream
            case "stream_exists": return .streamExists
            default: break
            }
        }
        throw InterchangeError(
            .invalidField, "expected_version is a number, \"any\", \"no_stream\" or \"stream_exists\"",
            offset: value.range.lowerBound)
    }

    func text(of value: JSONText.Token, as field: String) throws(InterchangeError) -> String {
        guard value.kind == .string else {
            throw InterchangeError(
                .invalidField, "\(field) is a string, not \(value.kind.phrase)", offset: value.range.lowerBound)
        }
        return try text.characters(of: value)
    }

    private func uuid(of value: JSONText.Token, as field: String) throws(InterchangeError) -> UUID {
        guard let uuid = UUID(uuidString: try text(of: value, as: field)) else {
            throw InterchangeError(.invalidUUID, "\(field) is no UUID", offset: value.range.lowerBound)
        }
        return uuid
    }

    private func timestamp(of value: JSONText.Token, as field: String) throws(InterchangeError) -> Timestamp {
        guard let timestamp = Timestamp(rfc3339: try text(of: value, as: field)) else {
            throw InterchangeError(
                .invalidDate, "\(field) is no date and time of RFC 3339", offset: value.range.lowerBound)
        }
        return timestamp
    }

    private func integer(of value: JSONText.Token, as field: String) throws(InterchangeError) -> Int {
        guard value.kind == .number, let integer = Int(String(decoding: line[value.range], as: UTF8.self)), integer >= 0
        else {
            throw InterchangeError(
                .invalidField, "\(field) is a whole number of 0 or more", offset: value.range.lowerBound)
        }
        return integer
    }

    private func metadata(of object: inout JSONObject) throws(InterchangeError) -> EventMetadata {
        guard let value = object.take("metadata"), value.kind != .null else { return EventMetadata() }
        var members = try JSONObject(value, of: text, as: "metadata")
        var pairs: [String: String] = [:]
        for (key, value) in members.takeAll() where value.kind != .null {
            pairs[key] = try text(of: value, as: "the metadata value of \(JSONObject.quoted(key))")
        }
        return EventMetadata(pairs)
    }

    private func content(of object: inout JSONObject) throws(InterchangeError) -> (ContentType, Bytes) {
        let mediaType = try object.take("content_type").map { (value) throws(InterchangeError) in
            try text(of: value, as: "content_type")
        }
        let base64 = object.take("data_base64")
        if let data = object.take("data") {
            guard base64 == nil else {
                throw InterchangeError(
                    .invalidField, "data and data_base64 exclude each other", offset: data.range.lowerBound)
            }
            guard mediaType == nil || mediaType == ContentType.json.mediaType else {
                throw InterchangeError(
                    .invalidField, "data is JSON; another content_type goes with data_base64",
                    offset: data.range.lowerBound)
            }
            return (.json, line.slice(data.range))
        }
        guard let base64 else { throw InterchangeError(.missingField, "data is missing") }
        guard let mediaType else { throw InterchangeError(.missingField, "content_type is missing beside data_base64") }
        guard let contentType = ContentType(mediaType: mediaType) else {
            throw InterchangeError(.invalidField, "content_type is not one that stores know")
        }
        guard let data = Data(base64Encoded: try text(of: base64, as: "data_base64")) else {
            throw InterchangeError(.invalidField, "data_base64 is not Base64", offset: base64.range.lowerBound)
        }
        return (contentType, Bytes(copying: data))
    }
}
