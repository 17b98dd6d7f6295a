import EventInterchange
import Testing

@Suite("The line splitter")
struct LineSplitterTests {
    private func lines(_ input: [UInt8], chunk: Int, limit: Int = 100) -> [InputLine] {
        var splitter = LineSplitter(lengthLimit: limit)
        var lines: [InputLine] = []
        for start in stride(from: 0, to: input.count, by: chunk) {
            splitter.append(Array(input[start..<min(start + chunk, input.count)]))
            while let line = splitter.next() { lines.append(line) }
        }
        if let line = splitter.finish() { lines.append(line) }
        return lines
    }

    private func line(_ number: Int, _ text: String?) -> InputLine {
        InputLine(number: number, content: text.map { Array($0.utf8) })
    }

    @Test("counts blank lines, strips CR, ends without a line break", arguments: [1, 2, 3, 7, 1_000])
    func blankLines(chunk: Int) {
        let input = Array("a\r\n\n \t\r\n b\n\r\nc".utf8)
        #expect(lines(input, chunk: chunk) == [line(1, "a"), line(4, " b"), line(6, "c")])
    }

    @Test(
        "gives nothing for an input without lines", arguments: ["", "\n", "\r\n\r\n", "  ", "\u{FEFF}", "\u{FEFF}\n"])
    func empty(input: String) {
        #expect(lines(Array(input.utf8), chunk: 2).isEmpty)
    }

    @Test("passes over a byte order mark at the beginning only", arguments: [1, 4, 100])
    func byteOrderMark(chunk: Int) {
        #expect(
            lines(Array("\u{FEFF}a\n\u{FEFF}b\n".utf8), chunk: chunk) == [line(1, "a"), line(2, "\u{FEFF}b")])
    }

    @Test("does not count a byte order mark as a part of the first line", arguments: [1, 2, 3, 64])
    func byteOrderMarkAtTheLimit(chunk: Int) {
        let input = Array("\u{FEFF}12345\r\n123456\n".utf8)
        #expect(lines(input, chunk: chunk, limit: 5) == [line(1, "12345"), line(2, nil)])
    }

    @Test("reports a line above the limit once and goes on behind it", arguments: [1, 3, 5, 64])
    func tooLong(chunk: Int) {
        let input = Array("12345\r\n123456\n1\n12345678901234567890\n2\n123456789".utf8)
        #expect(
            lines(input, chunk: chunk, limit: 5) == [
                line(1, "12345"), line(2, nil), line(3, "1"), line(4, nil), line(5, "2"), line(6, nil),
            ])
    }

    @Test("gives the same lines for any chunks", arguments: [21, 22] as [UInt64])
    func anyChunks(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let alphabet: [UInt8] = [0x61, 0x0A, 0x0D, 0x20, 0xEF, 0xBB, 0xBF]
        for _ in 0..<500 {
            let input = (0..<Int.random(in: 0...60, using: &generator)).map { _ in
                alphabet.randomElement(using: &generator)!
            }
            let whole = lines(input, chunk: 1_000, limit: 8)
            for chunk in 1...9 { #expect(lines(input, chunk: chunk, limit: 8) == whole, "seed \(seed)") }
        }
    }
}
