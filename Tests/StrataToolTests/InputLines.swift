import Foundation

/// Lines of input for tests.
struct InputLines {
    private(set) var bytes: [UInt8] = []

    static let aggregateID = "5bbd93f2-0ad7-5d8c-9c97-987bf7719b96"

    static func eventID(_ number: Int) -> String {
        "1dc28774-dc57-5b9c-ae96-" + String(repeating: "0", count: 12 - String(number).count) + String(number)
    }

    static func event(
        _ number: Int, aggregateID: String? = Self.aggregateID, data: String = "{}", extra: String = ""
    ) -> String {
        let stream = aggregateID.map { #""aggregate_type":"File","aggregate_id":"\#($0)","# } ?? ""
        return #"{\#(stream)"event_id":"\#(eventID(number))","event_type":"FileAdded","#
            + #""occurred_at":"2025-12-06T13:52:05-08:00","data":\#(data)\#(extra)}"#
    }

    static func commit(_ numbers: [Int]) -> String {
        #"{"stream":"File/\#(aggregateID)","events":["#
            + numbers.map { event($0, aggregateID: nil) }.joined(separator: ",") + "]}"
    }

    init(_ lines: [String]) {
        bytes = Array(lines.joined(separator: "\n").utf8)
    }
}
