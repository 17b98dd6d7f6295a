import Foundation
import Testing

@testable import StrataTool

@Suite("Output")
struct OutputTests {
    private func written(_ body: (StandardOutput) throws -> Void) throws -> String {
        let pipe = Pipe()
        let output = StandardOutput(descriptor: pipe.fileHandleForWriting.fileDescriptor)
        try body(output)
        try output.flush()
        try pipe.fileHandleForWriting.close()
        return String(decoding: try #require(try pipe.fileHandleForReading.readToEnd()), as: UTF8.self)
    }

    @Test("in a table lines the columns up")
    func table() throws {
        let text = try written { output in
            var table = TextTable([.left("name"), .right("n"), .left("note")], to: output)
            try table.add(["a", "1,000", "x"])
            try table.add(["long one", "2", "y\u{1B}[31m"])
            try table.finish()
        }
        #expect(text == "NAME          N  NOTE\na         1,000  x\nlong one      2  y\u{FFFD}[31m\n")
    }

    @Test("in a table keeps all rows, also those behind the first ones")
    func longTable() throws {
        let text = try written { output in
            var table = TextTable([.right("n")], to: output)
            for number in 1...1_000 { try table.add(["\(number)"]) }
            try table.finish()
        }
        #expect(text.split(separator: "\n").count == 1_001)
        #expect(text.hasSuffix("\n1000\n"))
    }

    @Test("of an empty table is nothing")
    func emptyTable() throws {
        let pipe = Pipe()
        let output = StandardOutput(descriptor: pipe.fileHandleForWriting.fileDescriptor)
        var table = TextTable([.right("n")], to: output)
        try table.finish()
        try output.flush()
        try pipe.fileHandleForWriting.close()
        #expect(try pipe.fileHandleForReading.readToEnd() ?? Data() == Data())
    }

    @Test(
        "groups digits", arguments: [(0, "0"), (999, "999"), (1_000, "1,000"), (-1_234_567, "-1,234,567")])
    func grouped(number: Int, text: String) {
        #expect(number.grouped == text)
    }

    @Test(
        "gives bytes in a unit that suits them",
        arguments: [
            (0, "0 bytes"), (1_023, "1023 bytes"), (1_024, "1.0 KiB"), (1 << 20, "1.0 MiB"), (3 << 29, "1.5 GiB"),
        ])
    func byteCount(bytes: Int, text: String) {
        #expect(bytes.byteCount == text)
    }

    @Test("shortens text with an ellipsis", arguments: [("abc", "abc"), ("abcd", "abcd"), ("abcde", "abc…"), ("", "")])
    func shortened(text: String, short: String) {
        #expect(text.shortened(to: 4) == short)
    }

    @Test("of progress says amount, rate and time left")
    func progress() {
        let line = ProgressLine(isEnabled: false) { "\($0.grouped) events" }
        #expect(
            line.text(5_000, of: 20_000, after: .seconds(2)) == "5,000 events, 2,500 events a second, 25 %, 6 s left")
        #expect(
            line.text(100, of: 100_000, after: .seconds(1)) == "100 events, 100 events a second, 0 %, 16 min 39 s left")
        #expect(line.text(10, of: nil, after: .seconds(1)) == "10 events, 10 events a second")
        #expect(line.text(0, of: 10, after: .zero) == "0 events, 0 events a second")
    }

    @Test("of progress ends with what a number holds, whatever a store claims")
    func endlessProgress() {
        let line = ProgressLine(isEnabled: false) { "\($0)" }
        #expect(
            line.text(1, of: .max, after: .seconds(1_000_000))
                == "1, 0 a second, 0 %, \(Int.max / 60) min \(Int.max % 60) s left")
        let most = Int.max
        #expect(line.text(most, of: most, after: .milliseconds(1)) == "\(most), \(most) a second, 100 %, 0 s left")
        #expect(line.text(.max, of: 1, after: .seconds(1)).contains("100 %, 0 s left"))
    }

    @Test("of a report is one line of JSON or text")
    func reports() {
        #expect(
            AppendReportWriter.text(line: 3, .failed(code: "invalid_json", message: "a\u{7}b"))
                == "line 3: invalid_json: a\u{FFFD}b")
    }
}
