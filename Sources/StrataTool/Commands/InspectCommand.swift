import ArgumentParser
import EventInterchange
import EventSourcing
import Strata

struct InspectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "List the frames of one segment file.",
        discussion: """
            The file lies in a store's events or snapshots, or is a copy of one. Ends with 1 where bytes do not verify and \
            frames follow behind them; at the very end they may be a torn tail, or a frame that is being written.
            """)

    @Argument(help: "The segment file.")
    var segment: String

    @OptionGroup var outputOptions: OutputOptions

    func run() async throws {
        let inspection: SegmentInspection
        do throws(StrataError) {
            inspection = try await StrataStore.inspectSegment(at: segment)
        } catch {
            throw ToolError(error, at: segment)
        }
        let output = StandardOutput()
        switch outputOptions.resolved {
        case .text: try Self.write(inspection, to: output)
        case .json:
            var json = JSONWriter()
            json.inspection(inspection)
            json.newLine()
            try output.write(json.bytes)
        }
        try output.flush()
        // Behind the last frame there may be a torn tail, and room that is not used yet.
        let end = inspection.frames.lastIndex { $0.kind != "unverified" } ?? 0
        let damaged = inspection.frames[..<end].count { $0.kind == "unverified" }
        guard damaged == 0 else {
            throw ToolError(.found, "\(segment): damaged in \(damaged.grouped) \(damaged == 1 ? "place" : "places")")
        }
    }

    private static func write(_ inspection: SegmentInspection, to output: StandardOutput) throws {
        var facts = FactList()
        facts.add("segment of", inspection.kind.rawValue)
        facts.add(inspection.kind == .events ? "first position" : "number", "\(inspection.number)")
        facts.add("store", inspection.storeID.lowercased)
        facts.add("format version", "\(inspection.formatVersion)")
        facts.add("created at", "\(inspection.createdAt)")
        facts.add("size", inspection.bytes.byteCount)
        facts.add("state", inspection.isSealed ? "sealed" : "active")
        try facts.write(to: output)
        try output.write("\n")
        var table = TextTable(
            [
                .right("offset"), .right("length"), .left("kind"), .right("positions"), .right("versions"),
                .right("durable mark"), .left("stored at"), .left("stream"), .left("content"),
            ], to: output)
        for frame in inspection.frames {
            try table.add([
                "\(frame.offset)", "\(frame.length)", frame.kind, text(frame.positions), text(frame.versions),
                frame.durableMark.map { "\($0)" } ?? "", frame.storedAt.map { "\($0)" } ?? "",
                frame.stream.map { "\($0)" } ?? "", content(frame),
            ])
        }
        try table.finish()
    }

    private static func text<Bound: CustomStringConvertible>(_ range: ClosedRange<Bound>?) -> String {
        guard let range else { return "" }
        return range.lowerBound == range.upperBound
            ? "\(range.lowerBound)" : "\(range.lowerBound) to \(range.upperBound)"
    }

    private static func content(_ frame: SegmentInspection.Frame) -> String {
        var parts = frame.eventTypes.prefix(3).joined(separator: ", ")
        if frame.eventTypes.count > 3 { parts += " and \(frame.eventTypes.count - 3) more" }
        guard let note = frame.note else { return parts }
        return parts.isEmpty ? note : "\(parts); \(note)"
    }
}

extension JSONWriter {
    fileprivate mutating func inspection(_ inspection: SegmentInspection) {
        beginObject()
        member("kind", inspection.kind.rawValue)
        member(inspection.kind == .events ? "first_position" : "number", inspection.number)
        member("store_id", inspection.storeID.lowercased)
        member("format_version", inspection.formatVersion)
        member("created_at", inspection.createdAt.description)
        member("bytes", inspection.bytes)
        member("sealed", inspection.isSealed)
        key("frames")
        beginArray()
        for frame in inspection.frames { self.frame(frame) }
        endArray()
        endObject()
    }

    private mutating func frame(_ frame: SegmentInspection.Frame) {
        beginObject()
        member("kind", frame.kind)
        member("offset", frame.offset)
        member("length", frame.length)
        if let stream = frame.stream { member("stream", stream.description) }
        if let versions = frame.versions { self.versions(versions) }
        if let positions = frame.positions { self.positions(positions) }
        if let storedAt = frame.storedAt { member("stored_at", storedAt.description) }
        if !frame.eventTypes.isEmpty {
            key("event_types")
            beginArray()
            for type in frame.eventTypes { string(type) }
            endArray()
        }
        if let durableMark = frame.durableMark { member("durable_mark", durableMark) }
        if let epoch = frame.epoch { member("epoch", String(epoch)) }
        if let note = frame.note { member("note", note) }
        endObject()
    }
}
