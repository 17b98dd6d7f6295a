import EventInterchange
import EventSourcing
import StrataTesting

extension FuzzTarget {
    /// NDJSON behind two bytes: how long the chunks are in which it arrives, and how long a line may be (in 64 bytes).
    ///
    /// Chunks make no difference to the lines, and every commit that a line describes comes back from its export.
    package static let line = FuzzTarget("line", .synchronous { try checkLines($0) }, expansionLimit: 4)

    private static func checkLines(_ bytes: [UInt8]) throws(Violation) {
        var input = FuzzInput(bytes)
        let chunk = Int(input.byte()) + 1
        let limit = Int(input.byte()) * 64
        let text = input.remainder()
        let lines = split(text, chunk: chunk, limit: limit)
        try require(lines == split(text, chunk: max(1, text.count), limit: limit), "chunks change the lines")
        try require(lines.allSatisfy { ($0.content?.count ?? 0) <= limit }, "a line is longer than the limit")
        for case let content? in lines.map(\.content) {
            guard let commit = try? Commit(line: content) else { continue }
            try checkRoundTrip(of: commit)
        }
    }

    private static func split(_ text: [UInt8], chunk: Int, limit: Int) -> [InputLine] {
        var splitter = LineSplitter(lengthLimit: limit)
        var lines: [InputLine] = []
        for start in stride(from: 0, to: text.count, by: chunk) {
            splitter.append(Array(text[start..<min(text.count, start + chunk)]))
            while let line = splitter.next() { lines.append(line) }
        }
        if let last = splitter.finish() { lines.append(last) }
        return lines
    }

    private static func checkRoundTrip(of commit: Commit) throws(Violation) {
        for (index, event) in commit.events.enumerated() {
            let recorded = RecordedEvent(
                event, stream: commit.stream, version: index + 1, position: Position(index + 1),
                storedAt: .distantPast)
            var exported: [UInt8] = []
            recorded.appendLine(to: &exported)
            try require(exported.firstIndex(of: 0x0A) == exported.count - 1, "an exported event is not one line")
            let again: Commit
            do {
                again = try Commit(line: Array(exported.dropLast()))
            } catch {
                throw Violation("an exported event cannot be read: \(error)")
            }
            try require(again.stream == commit.stream && again.events == [event], "an event comes back as another")
        }
    }
}
