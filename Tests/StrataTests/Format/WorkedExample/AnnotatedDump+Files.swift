/// The files of a store as `Docs/Format.md` lays them out, written down a second time and without the engine's decoders.
extension AnnotatedDump {
    static func manifest(_ bytes: [UInt8]) -> [String] {
        var dump = AnnotatedDump(bytes)
        dump.text(8, "magic")
        dump.number(2, "format version")
        dump.number(2, "reserved")
        dump.digits(4, "checksum")
        dump.identifier("store id")
        dump.number(8, "generation")
        dump.timestamp("created at")
        dump.number(4, "sealed segments")
        dump.number(8, "first position of the active segment")
        while !dump.isAtEnd { dump.sealedSegment() }
        return dump.lines
    }

    private mutating func sealedSegment() {
        heading("sealed segment")
        number(8, "first position")
        number(8, "last position")
        number(8, "file, bytes")
        number(8, "events")
        number(8, "commits")
        digits(4, "digest")
        number(1, "kind") { ["", "events", "", "compacted events"][Int($0)] }
        number(3, "reserved")
        number(8, "generation")
        number(8, "content, bytes")
    }

    static func segment(_ bytes: [UInt8]) -> [String] {
        var dump = AnnotatedDump(bytes)
        dump.segmentHeader()
        while !dump.isAtEnd { dump.frame() }
        return dump.lines
    }

    /// - Parameter epoch: what the field at 40 is.
    mutating func segmentHeader(epoch: String = "epoch") {
        heading("segment header")
        text(8, "magic")
        number(2, "format version")
        number(1, "kind") { ["", "events", "snapshots", "compacted events"][Int($0)] }
        number(1, "reserved")
        digits(4, "checksum")
        identifier("store id")
        number(8, "number")
        digits(8, epoch)
        timestamp("created at")
        number(4, "reserved")
    }

    private mutating func frame() {
        let kinds = [
            "", "commit", "open", "mark", "footer", "snapshot", "snapshot deletion", "truncation", "tombstone",
        ]
        let kind = Int(number(1, ahead: 16))
        heading("\(kinds[kind]) frame")
        text(4, "magic")
        digits(4, "header checksum")
        let bodyLength = number(4, "body length")
        digits(4, "body checksum")
        number(1, "kind") { kinds[Int($0)] }
        number(1, "flags")
        number(2, "reserved")
        let eventCount = number(4, "events")
        digits(8, "epoch")
        number(8, "durable mark")
        number(8, "first position")
        number(8, kind == 5 ? "version" : kind == 8 ? "last version" : "first version")
        timestamp("stored at")
        digits(4, "aggregate type tag")
        identifier("aggregate id")
        let end = offset + bodyLength
        switch kind {
        case 1: commit(eventCount)
        case 2: digits(8, "previous epoch")
        case 5: snapshot()
        case 6, 7, 8: aggregateType()
        default: break
        }
        field(end - offset, "not laid out as the page says")
    }

    private mutating func aggregateType() {
        let length = number(1, "aggregate type, bytes")
        text(length, "aggregate type")
        padding()
    }

    private mutating func commit(_ eventCount: Int) {
        aggregateType()
        for index in 0..<eventCount {
            heading("    event \(index + 1) of \(eventCount)")
            identifier("event id")
            timestamp("occurred at")
            number(4, "schema version")
            let payload = number(4, "payload, bytes")
            let metadata = number(4, "metadata, bytes")
            let type = number(2, "event type, bytes")
            contentType()
            number(1, "reserved")
            number(4, "reserved")
            text(type, "event type")
            self.metadata(to: offset + metadata)
            field(payload, "payload")
            padding()
        }
    }

    private mutating func metadata(to end: Int) {
        while offset < end {
            if number(1) == 0 {
                let names = ["", "correlation id", "causation id", "tenant id", "actor"]
                field(2, "metadata: well-known key \(number(1, ahead: 1)), the \(names[Int(number(1, ahead: 1))])")
            } else {
                let length = number(1, "metadata: key, bytes and 1 more")
                text(length - 1, "metadata: key")
            }
            let length = number(1, "metadata: value, bytes")
            text(length, "metadata: value")
        }
    }

    private mutating func snapshot() {
        number(4, "state, bytes")
        let stored = number(4, "stored state, bytes")
        number(4, "schema version")
        contentType()
        let compression = number(1, "compression") { $0 == 0 ? "none" : "LZ4" }
        let name = number(2, "aggregate type, bytes")
        timestamp("created at")
        number(4, "reserved")
        text(name, "aggregate type")
        field(stored, compression == 0 ? "state" : "state, one LZ4 block")
        padding()
    }

    private mutating func contentType() {
        number(1, "content type") { $0 == 0 ? "bytes" : $0 == 1 ? "JSON" : "" }
    }
}
