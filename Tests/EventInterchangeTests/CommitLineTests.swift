import EventInterchange
import EventSourcing
import Foundation
import Testing

@Suite("A line")
struct CommitLineTests {
    private let aggregateID = "5bbd93f2-0ad7-5d8c-9c97-987bf7719b96"
    private let eventID = "1dc28774-dc57-5b9c-ae96-ee7061307d4c"

    /// A valid line whose fields can be replaced, added or, with nil, left out.
    private func line(_ changes: [String: String?] = [:]) -> [UInt8] {
        var fields: [String: String?] = [
            "aggregate_type": #""File""#, "aggregate_id": "\"\(aggregateID)\"", "event_id": "\"\(eventID)\"",
            "event_type": #""FileAdded""#, "occurred_at": #""2025-12-06T13:52:05-08:00""#, "data": #"{"a":1}"#,
        ]
        for (key, value) in changes { fields[key] = value }
        return Array(
            ("{" + fields.compactMap { key, value in value.map { "\"\(key)\":\($0)" } }.joined(separator: ",") + "}")
                .utf8)
    }

    private func code(_ line: [UInt8]) -> String? {
        do {
            _ = try Commit(line: line)
            return nil
        } catch {
            return error.code.description
        }
    }

    @Test("that is an event becomes a commit of that event")
    func oneEvent() throws {
        let commit = try Commit(
            line: line([
                "metadata": #"{"correlation_id":"c","causation_id":null,"tenant_id":"t","actor":"a","x":"é"}"#,
                "schema_version": "3", "expected_version": "7",
            ]))
        let event = NewEvent(
            id: try #require(UUID(uuidString: eventID)), type: "FileAdded", schemaVersion: 3,
            occurredAt: try #require(Timestamp(rfc3339: "2025-12-06T21:52:05Z")), contentType: .json,
            payload: Bytes(#"{"a":1}"#),
            metadata: EventMetadata(correlationID: "c", tenantID: "t", actor: "a", additional: ["x": "é"]))
        let stream = try #require(StreamID("File/\(aggregateID)"))
        #expect(commit == Commit([event], to: stream, expecting: .exactly(7)))
    }

    @Test(
        "keeps its data byte for byte",
        arguments: [
            "null", "1.0", "1e999", #""\u0041\/""#, "[ 1 ,\t2 ]", #"{"b":1, "a":2,"b":3}"#, #""\uD800""#, "-0",
            "\"\u{E9}e\u{301}\"",
        ])
    func dataIsVerbatim(data: String) throws {
        let commit = try Commit(line: line(["data": "  \(data) "]))
        #expect(commit.events.map(\.payload) == [Bytes(data)])
    }

    @Test("may hold a commit of several events")
    func severalEvents() throws {
        let json = """
            {"stream":"File/\(aggregateID)","expected_version":"no_stream","events":[\
            {"event_id":"\(eventID)","event_type":"A","occurred_at":"2025-01-01T00:00:00Z","data":1},\
            {"aggregate_type":"File","aggregate_id":"\(aggregateID.uppercased())",\
            "event_id":"\(UUID())","event_type":"B","occurred_at":"2025-01-01T00:00:00Z","data":2}]}
            """
        let commit = try Commit(line: Array(json.utf8))
        #expect(commit.events.map(\.type) == ["A", "B"])
        #expect(commit.expectedVersion == .noStream)
        #expect(commit.stream == StreamID("File/\(aggregateID)"))
    }

    @Test("may have a payload that is not JSON")
    func base64() throws {
        let commit = try Commit(
            line: line(["data": nil, "data_base64": #""AAH/""#, "content_type": #""application/cbor""#]))
        #expect(commit.events.map(\.payload) == [Bytes([0, 1, 255])])
        #expect(commit.events.map(\.contentType) == [.cbor])
    }

    @Test(
        "may say what version it expects",
        arguments: [
            ("0", .exactly(0)), ("\"any\"", .any), ("\"no_stream\"", .noStream), ("\"stream_exists\"", .streamExists),
        ] as [(String, ExpectedVersion)])
    func expectedVersion(json: String, expected: ExpectedVersion) throws {
        #expect(try Commit(line: line(["expected_version": json])).expectedVersion == expected)
    }

    @Test("may carry what an export adds")
    func exportFields() throws {
        let plain = try Commit(line: line())
        let exported = try Commit(line: line(["version": "5", "position": "9", "stored_at": "\"whenever\""]))
        #expect(plain == exported)
    }

    @Test(
        "that is wrong gives an error with a code",
        arguments: [
            (["event_id": nil], "missing_field"), (["data": nil], "missing_field"),
            (["aggregate_type": nil], "missing_field"), (["occurred_at": nil], "missing_field"),
            (["data": nil, "data_base64": "\"\""], "missing_field"), (["evnet_id": "1"], "unknown_field"),
            (["stream": "\"File/x\""], "unknown_field"), (["event_id": "\"x\""], "invalid_uuid"),
            (["aggregate_id": "\"5bbd93f2\""], "invalid_uuid"), (["event_id": "7"], "invalid_field"),
            (["event_id": "null"], "invalid_field"), (["occurred_at": "\"yesterday\""], "invalid_date"),
            (["occurred_at": "\"2025-02-30T00:00:00Z\""], "invalid_date"), (["occurred_at": "1"], "invalid_field"),
            (["aggregate_type": "\"a/b\""], "invalid_stream"), (["aggregate_type": "\"\""], "invalid_stream"),
            (["event_type": "\"\""], "limit_exceeded"), (["event_type": "\"\\uD800\""], "invalid_field"),
            (["metadata": "[]"], "invalid_field"), (["metadata": #"{"a":1}"#], "invalid_field"),
            (["metadata": #"{"a":"b","a":"c"}"#], "duplicate_field"), (["metadata": #"{"":"x"}"#], "limit_exceeded"),
            (["expected_version": "-1"], "invalid_field"), (["expected_version": "1.0"], "invalid_field"),
            (["expected_version": "99999999999999999999"], "invalid_field"),
            (["expected_version": "\"anything\""], "invalid_field"), (["expected_version": "null"], "invalid_field"),
            (["schema_version": "\"1\""], "invalid_field"), (["schema_version": "4294967296"], "limit_exceeded"),
            (["data_base64": "\"\"", "content_type": "\"application/cbor\""], "invalid_field"),
            (["content_type": "\"application/cbor\""], "invalid_field"),
            (["data": nil, "data_base64": "\"?\"", "content_type": "\"application/cbor\""], "invalid_field"),
            (["data": nil, "data_base64": "\"\"", "content_type": "\"text/plain\""], "invalid_field"),
            (["events": "[]"], "missing_field"), (["data": "{"], "invalid_json"),
        ] as [([String: String?], String)])
    func wrongFields(changes: [String: String?], code expected: String) {
        #expect(code(line(changes)) == expected)
    }

    @Test(
        "that is wrong as a whole gives an error with a code",
        arguments: [
            ("[]", "invalid_field"), ("1", "invalid_field"), ("{}", "missing_field"), ("{", "invalid_json"),
            (#"{"stream":"File/x","events":[]}"#, "invalid_stream"),
            (#"{"stream":"File/5bbd93f2-0ad7-5d8c-9c97-987bf7719b96","events":[]}"#, "empty_append"),
            (#"{"stream":"File/5bbd93f2-0ad7-5d8c-9c97-987bf7719b96","events":[1]}"#, "invalid_field"),
            (#"{"stream":"File/5bbd93f2-0ad7-5d8c-9c97-987bf7719b96","events":{}}"#, "invalid_field"),
            (
                #"{"stream":"File/5bbd93f2-0ad7-5d8c-9c97-987bf7719b96","events":[{"aggregate_type":"Other"}]}"#,
                "invalid_stream"
            ), (#"{"data":1,"data":2}"#, "duplicate_field"), (#"{"data":1,"d\u0061ta":2}"#, "duplicate_field"),
        ])
    func wrongLines(json: String, code expected: String) {
        #expect(code(Array(json.utf8)) == expected)
    }

    @Test("with one event id twice is refused")
    func duplicateID() {
        let event = #"{"event_id":"\#(eventID)","event_type":"A","occurred_at":"2025-01-01T00:00:00Z","data":1}"#
        #expect(
            code(Array(#"{"stream":"File/\#(aggregateID)","events":[\#(event),\#(event)]}"#.utf8))
                == "duplicate_event_id")
    }

    @Test("with a payload above the limit is refused")
    func oversizedPayload() {
        let most = "\"" + String(repeating: "a", count: EventLimits.payloadBytes - 2) + "\""
        #expect(code(line(["data": most])) == nil)
        #expect(code(line(["data": "\"a" + most.dropFirst()])) == "limit_exceeded")
    }

    @Test("names an unknown field, and never shows a payload")
    func messages() throws {
        #expect { try Commit(line: line(["evnet_id": "1"])) } throws: {
            "\($0)".contains("evnet_id")
        }
        #expect { try Commit(line: line(["data": #"{"secret":1}}"#])) } throws: {
            !"\($0)".contains("secret")
        }
        #expect { try Commit(line: line(["metadata": #"{"key":["secret"]}"#])) } throws: {
            "\($0)".contains("key") && !"\($0)".contains("secret")
        }
    }
}
