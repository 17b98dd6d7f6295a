import EventInterchange
import EventSourcing

extension StreamStatus {
    /// Writes what is left of a stream.
    func write(of stream: StreamID, _ options: OutputOptions) throws {
        let output = StandardOutput()
        switch options.resolved {
        case .text:
            var facts = FactList()
            facts.add("stream", "\(stream)")
            facts.add("last version", version.grouped)
            facts.add("events left", isEmpty ? "none" : "\(firstVersion.grouped) to \(version.grouped)")
            if isTombstoned { facts.add("tombstone", "the stream can never be appended to again") }
            try facts.write(to: output)
        case .json:
            var json = JSONWriter()
            json.beginObject()
            json.member("stream", "\(stream)")
            json.member("version", version)
            json.member("first_version", firstVersion)
            json.member("truncated", isTruncated)
            json.member("tombstone", isTombstoned)
            json.endObject()
            json.newLine()
            try output.write(json.bytes)
        }
        try output.flush()
    }
}
