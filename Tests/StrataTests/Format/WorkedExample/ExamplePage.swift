import Foundation
import Testing

/// A part of `Docs/Format.md` that shows files byte by byte, between two marks.
struct ExamplePage {
    private let begin: String
    private let end: String
    private let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../../../Docs/Format.md").standardized

    /// - Parameter name: what the marks say.
    init(_ name: String) {
        begin = "<!-- \(name): begin -->\n"
        end = "<!-- \(name): end -->"
    }

    /// The part of the page between the marks, and the bytes that it shows, by file.
    func content() throws -> (before: String, text: String, after: String, files: [String: [UInt8]]) {
        let text = try String(contentsOf: page, encoding: .utf8)
        let begin = try #require(text.range(of: self.begin))
        let end = try #require(text.range(of: self.end))
        let example = String(text[begin.upperBound..<end.lowerBound])
        var files: [String: [UInt8]] = [:]
        var name = ""
        for line in example.split(separator: "\n") {
            if let title = line.wholeMatch(of: /`([^`]+)`.*/)?.1 {
                name = String(title)
            } else if let digits = line.wholeMatch(of: /[0-9a-f]{4}  ([0-9a-f]{2}(?: [0-9a-f]{2})*)(?:  .*)?/)?.1 {
                files[name, default: []] += digits.split(separator: " ").compactMap { UInt8($0, radix: 16) }
            }
        }
        return (String(text[..<begin.upperBound]), example, String(text[end.lowerBound...]), files)
    }

    /// Checks that the page shows just these files, or brings it up to date where the environment asks for that.
    func check(_ files: [(name: String, lines: [String], count: Int)]) throws {
        let written =
            files.map { name, lines, count in
                let text = lines.drop { $0.isEmpty }.joined(separator: "\n")
                return "\n`\(name)`, \(count) bytes:\n\n```text\n\(text)\n```\n"
            }.joined() + "\n"
        let shown = try content()
        if ProcessInfo.processInfo.environment["STRATA_REWRITE_DOCS"] != nil, shown.text != written {
            let text = shown.before + written + shown.after
            try text.write(to: page, atomically: true, encoding: .utf8)
        } else {
            let pairs = zip(shown.text.split(separator: "\n"), written.split(separator: "\n"))
            let difference = pairs.first { $0 != $1 }.map { "the page shows '\($0)', the engine writes '\($1)'" }
            #expect(shown.text == written, "\(difference ?? "one is longer than the other")")
        }
    }
}
