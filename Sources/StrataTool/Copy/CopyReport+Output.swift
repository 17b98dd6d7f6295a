import EventCopying
import EventInterchange
import EventSourcing

extension CopyReport {
    /// Writes what was copied, and how the stores compare.
    func write(from source: StoreAddress, to destination: StoreAddress, _ options: OutputOptions) throws {
        let output = StandardOutput()
        switch options.resolved {
        case .text: try writeText(to: output)
        case .json:
            var json = JSONWriter()
            json.copy(self, from: source, to: destination)
            json.newLine()
            try output.write(json.bytes)
        }
        try output.flush()
    }

    private func writeText(to output: StandardOutput) throws {
        var facts = FactList()
        facts.add("events copied", eventsCopied.grouped)
        facts.add("events", events.grouped)
        facts.add("streams", streams.grouped)
        facts.add("streams with released events", releasedStreams.grouped)
        facts.add("snapshots copied", snapshotsCopied.grouped)
        facts.add("snapshots", snapshots.grouped)
        facts.add("result", isIdentical ? "identical" : "DIFFERENT in \(differenceCount.grouped) places")
        try facts.write(to: output)
        for difference in differences {
            let (kind, stream) = difference.parts
            try output.write("different: \(kind)" + (stream.map { " of \($0)".terminalSafe } ?? "") + "\n")
        }
        if differences.count < differenceCount { try output.write("…\n") }
    }
}

extension CopyDifference {
    fileprivate var parts: (kind: String, stream: StreamID?) {
        switch self {
        case .events(let stream): ("events", stream)
        case .release(let stream): ("release", stream)
        case .snapshot(let stream): ("snapshot", stream)
        case .order: ("order", nil)
        }
    }
}

extension JSONWriter {
    fileprivate mutating func copy(_ report: CopyReport, from source: StoreAddress, to destination: StoreAddress) {
        beginObject()
        member("source", source.description)
        member("destination", destination.description)
        member("identical", report.isIdentical)
        member("events_copied", report.eventsCopied)
        member("events", report.events)
        member("streams", report.streams)
        member("released_streams", report.releasedStreams)
        member("snapshots_copied", report.snapshotsCopied)
        member("snapshots", report.snapshots)
        member("difference_count", report.differenceCount)
        key("differences")
        beginArray()
        for difference in report.differences {
            let (kind, stream) = difference.parts
            beginObject()
            member("kind", kind)
            if let stream { member("stream", stream.description) }
            endObject()
        }
        endArray()
        endObject()
    }
}
