/// A compacted segment as `Docs/Format.md` lays it out.
extension AnnotatedDump {
    static func compactedSegment(_ bytes: [UInt8]) -> [String] {
        var dump = AnnotatedDump(bytes)
        dump.segmentHeader(epoch: "generation")
        while !dump.isAtEnd { dump.block() }
        return dump.lines
    }

    private mutating func block() {
        let kinds = ["", "dictionary", "frames", "footer"]
        let kind = Int(number(1, ahead: 20))
        heading("block: \(kinds[kind])")
        text(4, "magic")
        digits(4, "header checksum")
        let stored = number(4, "stored body, bytes")
        number(4, "content, bytes")
        digits(4, "body checksum")
        number(1, "kind") { kinds[Int($0)] }
        number(1, "compression") { ["none", "LZ4", "LZ4 with the dictionary"][Int($0)] }
        number(2, "reserved")
        number(4, "frames")
        number(4, "reserved")
        number(8, "offset in the content")
        number(8, "first position")
        if kind == 3 { footer(stored) } else { field(stored, "the body as it is stored") }
        padding()
    }

    private mutating func footer(_ length: Int) {
        let end = offset + length
        number(8, "last position")
        number(8, "events")
        number(8, "commits")
        number(8, "content, bytes")
        digits(4, "digest")
        number(4, "reserved")
        while offset < end - 8 {
            number(4, "block: offset in the content, in units of 8 bytes,")
            number(4, "block: offset in the file, in units of 8 bytes,")
        }
        number(8, "offset of the footer's block")
    }
}
