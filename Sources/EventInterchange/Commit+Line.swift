import EventSourcing

extension Commit {
    /// Reads one line of NDJSON, without its line break: an event that is a commit by itself, or
    /// `{"stream": "TYPE/ID", "events": [{…}, …]}`.
    ///
    /// An event has the fields `event_id`, `event_type`, `occurred_at` (RFC 3339, any offset) and `data` (any JSON, kept
    /// byte for byte), or `data_base64` with `content_type` in place of `data`; it may have `metadata` (an object of
    /// strings; null counts as absent) and `schema_version` (1 where it is missing). An event that is a line by itself
    /// also has `aggregate_type` and `aggregate_id`; inside `events` these may stand too if they repeat the stream's
    /// name. A commit may have `expected_version`: a number, `"any"` (also where it is missing), `"no_stream"` or
    /// `"stream_exists"`. `version`, `position` and `stored_at`, which an export has, are passed over: the store gives
    /// its own. Any other field is an error. The id is not made up where it is missing, because only an id
    /// that comes with the input lets a run that was cut off be repeated.
    ///
    /// Linear in the length of the line. The events' payloads share the line's storage.
    ///
    /// - Throws: ``InterchangeError``; ``InterchangeError/Code/limitExceeded`` for what no store would take.
    public init(line: [UInt8]) throws(InterchangeError) {
        let line = Bytes(line)
        let text = try JSONText(line: line)
        var object = try JSONObject(text.tokens[0], of: text, as: "a line")
        let fields = EventFields(line: line, text: text)
        if let events = object.take("events") {
            self = try Self.commit(of: events, in: &object, with: fields)
        } else {
            let stream = try fields.stream(of: &object)
            let expected = try fields.expectedVersion(of: &object)
            self.init([try fields.event(of: &object)], to: stream, expecting: expected)
        }
        try object.checkIsEmpty()
        try checkLimits()
    }

    private static func commit(
        of events: JSONText.Token, in object: inout JSONObject, with fields: EventFields
    ) throws(InterchangeError) -> Commit {
        let name = try fields.text(of: try object.require("stream"), as: "stream")
        guard let stream = StreamID(name) else {
            throw InterchangeError(.invalidStream, "stream is no TYPE/ID with a valid type and a UUID")
        }
        let expected = try fields.expectedVersion(of: &object)
        guard events.kind == .array else {
            throw InterchangeError(
                .invalidField, "events is an array, not \(events.kind.phrase)", offset: events.range.lowerBound)
        }
        var newEvents: [NewEvent] = []
        for element in fields.text.elements(of: events) {
            var event = try JSONObject(element, of: fields.text, as: "an event")
            guard try fields.optionalStream(of: &event, within: stream) == stream else {
                throw InterchangeError(
                    .invalidStream, "an event belongs to another stream than its commit",
                    offset: element.range.lowerBound)
            }
            newEvents.append(try fields.event(of: &event))
            try event.checkIsEmpty()
        }
        return Commit(newEvents, to: stream, expecting: expected)
    }

    private func checkLimits() throws(InterchangeError) {
        do {
            try EventLimits.check(events, to: stream, expecting: expectedVersion)
        } catch {
            let code: InterchangeError.Code =
                switch error.code {
                case .emptyAppend: .emptyAppend
                case .duplicateEventID: .duplicateEventID
                default: EventLimits.isValidAggregateType(stream.aggregateType) ? .limitExceeded : .invalidStream
                }
            throw InterchangeError(code, error.message)
        }
    }
}
