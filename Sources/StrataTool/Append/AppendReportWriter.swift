import EventInterchange
import EventSourcing

/// Writes what became of each line.
final class AppendReportWriter {
    private let format: OutputFormat
    private let output = StandardOutput()
    private var json = JSONWriter()

    init(format: OutputFormat) {
        self.format = format
    }

    func write(line: Int, _ report: AppendRun.Report) throws {
        switch format {
        case .text: try output.write(Self.text(line: line, report) + "\n")
        case .json:
            json.removeAll()
            json.report(line: line, report)
            json.newLine()
            try output.write(json.bytes)
        }
    }

    func flush() throws {
        try output.flush()
    }

    static func text(line: Int, _ report: AppendRun.Report) -> String {
        switch report {
        case .stored(let stream, let version, let position, let isExisting):
            "line \(line): \("\(stream)".terminalSafe) version \(version), position \(position)"
                + (isExisting ? ", existing" : "")
        case .failed(let code, let message):
            "line \(line): \(code): \(message.terminalSafe)"
        }
    }
}

extension JSONWriter {
    /// The acknowledgement of a line, or its error.
    mutating func report(line: Int, _ report: AppendRun.Report) {
        beginObject()
        member("line", line)
        switch report {
        case .stored(let stream, let version, let position, let isExisting):
            member("stream", stream.description)
            member("version", version)
            member("position", position.rawValue)
            if isExisting { member("existing", true) }
        case .failed(let code, let message):
            key("error")
            beginObject()
            member("code", code)
            member("message", message)
            endObject()
        }
        endObject()
    }
}
