import EventSourcing
import Foundation
import Testing

struct EventLimitsTests {
    @Test(arguments: [
        "Order", "Bestellung 注文", "a", "v1.order-line_2", "caf\u{E9}", String(repeating: "n", count: 255),
    ])
    func allowsNames(name: String) {
        #expect(EventLimits.isValidAggregateType(name))
    }

    @Test(arguments: [
        "", " ", " a", "a ", "a\u{0}", "a\tb", "a\u{7F}", "e\u{301}", "\u{212A}", String(repeating: "é", count: 128),
    ])
    func refusesNames(name: String) {
        #expect(!EventLimits.isValidEventType(name))
        #expect(!EventLimits.isValidAggregateType(name))
    }

    @Test func allowsASlashInEventTypesOnly() {
        #expect(EventLimits.isValidEventType("orders/placed"))
        #expect(!EventLimits.isValidAggregateType("orders/placed"))
    }

    @Test func reportsAnEmptyAppend() {
        #expect(code([]) == .emptyAppend)
    }

    @Test func reportsAnIDThatStandsTwice() {
        let event = event()
        #expect(code([event, event]) == .duplicateEventID)
    }

    @Test func namesTheIDThatStandsTwice() throws {
        let event = event()
        let error = #expect(throws: EventStoreError.self) {
            try EventLimits.check([self.event(), event, event], to: stream, expecting: .any)
        }
        #expect(error?.eventID == event.id)
    }

    @Test func allowsPayloadsUpToTheLimitTogether() {
        let payload = Bytes([UInt8](repeating: 0, count: EventLimits.payloadBytes))
        let events = (1...4).map { _ in NewEvent(type: "Opened", contentType: .binary, payload: payload) }
        #expect(code(events) == nil)
        #expect(code(events + [event()]) == .invalidArgument)
    }

    @Test func asksForUTF8OfJSONOnly() {
        let payload = Bytes([0xFF])
        #expect(code([NewEvent(type: "Opened", contentType: .binary, payload: payload)]) == nil)
        #expect(code([NewEvent(type: "Opened", contentType: .json, payload: payload)]) == .invalidArgument)
    }

    @Test func asksForUTF8OfTheSliceOnly() {
        let slice = Bytes([0xFF, 0x7B, 0x7D, 0xFF]).slice(1..<3)
        #expect(code([NewEvent(type: "Opened", payload: slice)]) == nil)
    }

    @Test(
        arguments: [(1, 0, nil), (0, 0, .invalidArgument), (1, -1, .invalidArgument), (1, 1 << 32, .invalidArgument)]
            as [(Int, Int, EventStoreError.Code?)])
    func checksSnapshots(version: Int, schemaVersion: Int, expected: EventStoreError.Code?) {
        let snapshot = Snapshot(
            stream: stream, version: version, schemaVersion: schemaVersion, createdAt: .distantPast, state: Bytes())
        do throws(EventStoreError) {
            try EventLimits.check(snapshot)
            #expect(expected == nil)
        } catch {
            #expect(error.code == expected)
        }
    }

    private let stream = StreamID("Order", UUID())

    private func event() -> NewEvent {
        NewEvent(type: "Opened", payload: Bytes("{}"))
    }

    private func code(_ events: [NewEvent]) -> EventStoreError.Code? {
        do throws(EventStoreError) {
            try EventLimits.check(events, to: stream, expecting: .any)
            return nil
        } catch {
            return error.code
        }
    }
}
