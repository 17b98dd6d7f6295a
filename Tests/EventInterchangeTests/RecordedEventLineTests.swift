import EventInterchange
import EventSourcing
import Foundation
import Testing

@Suite("A recorded event as a line")
struct RecordedEventLineTests {
    private func line(of event: RecordedEvent) -> [UInt8] {
        var bytes: [UInt8] = []
        event.appendLine(to: &bytes)
        return bytes
    }

    private func event(payload: Bytes, contentType: ContentType = .json) -> RecordedEvent {
        let new = NewEvent(
            id: UUID(), type: "T", occurredAt: .distantPast, contentType: contentType, payload: payload)
        return RecordedEvent(
            new, stream: StreamID("A", UUID()), version: 1, position: 1, storedAt: .distantFuture)
    }

    @Test("shows JSON of one line as it is", arguments: ["{}", "null", #"{"b":1, "a":[ ]}"#, #""\uD800""#])
    func rawJSON(payload: String) {
        let line = String(decoding: line(of: event(payload: Bytes(payload))), as: UTF8.self)
        #expect(line.contains("\"data\":\(payload)}"))
        #expect(!line.contains("base64"))
    }

    @Test(
        "shows any other payload in Base64",
        arguments: ["", " {}", "{} ", "[1,\n2]", "[1,\r2]", "{", "{}{}", "nul", String(repeating: "[", count: 2_000)])
    func base64(payload: String) throws {
        let event = event(payload: Bytes(payload))
        let line = line(of: event)
        #expect(line.filter { $0 == 0x0A }.count == 1)
        #expect(String(decoding: line, as: UTF8.self).contains("\"data_base64\":"))
        #expect(try Commit(line: line.dropLast()).events.map(\.payload) == [event.payload])
    }

    @Test("reads back nested as deep as it shows JSON as it is", arguments: [123, 124, 125, 128])
    func depth(depth: Int) throws {
        let json = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        let event = event(payload: Bytes(json))
        let line = line(of: event).dropLast()
        #expect(try Commit(line: Array(line)).events.map(\.payload) == [event.payload])
        #expect(String(decoding: line, as: UTF8.self).contains("data_base64") == (depth > 124))
    }

    @Test("reads back as the event that it was", arguments: [1, 2, 3] as [UInt64])
    func roundTrip(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            let recorded = randomEvent(using: &generator)
            let line = line(of: recorded)
            let commit = try Commit(line: line.dropLast())
            let event = try #require(commit.events.first)
            #expect(commit.stream == recorded.stream, "seed \(seed)")
            let again = RecordedEvent(
                event, stream: commit.stream, version: recorded.version, position: recorded.position,
                storedAt: recorded.storedAt)
            #expect(again == recorded, "seed \(seed)")
            #expect(self.line(of: again) == line, "seed \(seed)")
        }
    }

    @Test("keeps what a line of the real input says")
    func realInput() throws {
        let line = #"""
            {"aggregate_type":"File","aggregate_id":"5bbd93f2-0ad7-5d8c-9c97-987bf7719b96","event_id":"1dc28774-dc57-5b9c-ae96-ee7061307d4c","event_type":"FileAdded","occurred_at":"2025-12-06T13:52:05-08:00","data":{"path":"README.md","from":null,"commit":"611989b0e6a9c2847af196930927ccd798b7c3c9","subject":"first commit"},"metadata":{"correlation_id":"fa733b1a-a7cb-5841-bb83-60300b5539cf"}}
            """#
        let commit = try Commit(line: Array(line.utf8))
        let storedAt = try #require(Timestamp(rfc3339: "2026-01-02T03:04:05.678Z"))
        let event = try #require(commit.events.first)
        let recorded = RecordedEvent(event, stream: commit.stream, version: 4, position: 17, storedAt: storedAt)
        let expected = #"""
            {"position":17,"version":4,"aggregate_type":"File","aggregate_id":"5bbd93f2-0ad7-5d8c-9c97-987bf7719b96","event_id":"1dc28774-dc57-5b9c-ae96-ee7061307d4c","event_type":"FileAdded","occurred_at":"2025-12-06T21:52:05Z","stored_at":"2026-01-02T03:04:05.678Z","data":{"path":"README.md","from":null,"commit":"611989b0e6a9c2847af196930927ccd798b7c3c9","subject":"first commit"},"metadata":{"correlation_id":"fa733b1a-a7cb-5841-bb83-60300b5539cf"}}

            """#
        #expect(String(decoding: self.line(of: recorded), as: UTF8.self) == expected)
    }

    private func randomEvent(using generator: inout SeededGenerator) -> RecordedEvent {
        let payloads = [Bytes("{\"a\":[1,2,\"é\\n\"]}"), Bytes("null"), Bytes("{ }\n"), Bytes(), Bytes("\u{2028}")]
        let random = Bytes((0..<12).map { _ in UInt8.random(in: 0...255, using: &generator) })
        let contentType = ContentType(rawValue: UInt8.random(in: 0...255, using: &generator))
        let isJSON = Bool.random(using: &generator)
        let new = NewEvent(
            id: uuid(using: &generator), type: name(using: &generator),
            schemaVersion: Int.random(in: 0...3, using: &generator),
            occurredAt: timestamp(using: &generator), contentType: isJSON ? .json : contentType,
            payload: isJSON ? payloads.randomElement(using: &generator)! : contentType == .json ? Bytes("1") : random,
            metadata: metadata(using: &generator))
        return RecordedEvent(
            new, stream: StreamID(name(using: &generator), uuid(using: &generator)),
            version: Int.random(in: 1...9, using: &generator),
            position: Position(Int.random(in: 1...99, using: &generator)),
            storedAt: timestamp(using: &generator))
    }

    private func uuid(using generator: inout SeededGenerator) -> UUID {
        let bits = generator.next()
        return UUID(uuidString: "00000000-0000-4000-8000-" + String(bits >> 16 | 1 << 47, radix: 16))!
    }

    private func timestamp(using generator: inout SeededGenerator) -> Timestamp {
        Timestamp(
            seconds: Int64.random(in: -62_135_596_800...253_402_300_799, using: &generator),
            nanoseconds: [0, 1_000_000, 1_000, 123_456_789].randomElement(using: &generator)!)!
    }

    private func text(using generator: inout SeededGenerator) -> String {
        let characters = ["a", "\"", "\\", "é", "e\u{301}", "\u{1F600}", "Z", "'", "<", "\u{80}"]
        return (0...4).map { _ in characters.randomElement(using: &generator)! }.joined()
    }

    /// A text in normal form C, as names must be.
    private func name(using generator: inout SeededGenerator) -> String {
        text(using: &generator).replacing("e\u{301}", with: "ee")
    }

    private func metadata(using generator: inout SeededGenerator) -> EventMetadata {
        var pairs: [String: String] = [:]
        for key in ["correlation_id", "causation_id", "tenant_id", "actor", "a", "\u{1}", "é"]
        where Bool.random(using: &generator) {
            pairs[key] = text(using: &generator) + "\u{0}\n\u{7F}"
        }
        return EventMetadata(pairs)
    }
}
