import EventSourcing
import FoundationEssentials

/// Values as the reference program, which is written in Python, prints them.
enum PythonNotation {
    static func bool(_ value: Bool) -> String { value ? "True" : "False" }

    static func list(_ names: [String]) -> String {
        "[" + names.map { "'\($0)'" }.joined(separator: ", ") + "]"
    }

    static func dictionary(_ fields: [(name: String, value: String)]) -> String {
        "{" + fields.map { "'\($0.name)': \($0.value)" }.joined(separator: ", ") + "}"
    }

    /// A number rounded to so many decimal places.
    static func fixed(_ value: Double, _ places: Int) -> String {
        var scale = 1
        for _ in 0..<places { scale *= 10 }
        let scaled = Int((value.magnitude * Double(scale)).rounded())
        let fraction = String(scaled % scale)
        let padding = String(repeating: "0", count: places - fraction.count)
        return (value < 0 && scaled > 0 ? "-" : "") + "\(scaled / scale).\(padding)\(fraction)"
    }

    /// `2024-01-15 10:30:45.123456+00:00`
    static func time(_ time: Timestamp) -> String {
        let digits = String(time.nanoseconds / 1000)
        let fraction = String(repeating: "0", count: 6 - digits.count) + digits
        let wholeSeconds = Timestamp(seconds: time.seconds, nanoseconds: 0)?.description ?? ""
        return wholeSeconds.dropLast().map { $0 == "T" ? " " : String($0) }.joined() + ".\(fraction)+00:00"
    }
}

extension UUID {
    var text: String { uuidString.lowercased() }
}
