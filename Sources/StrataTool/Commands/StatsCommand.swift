import ArgumentParser
import EventInterchange
import EventSourcing
import Strata

struct StatsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "stats", abstract: "Say what a store holds.")

    @Argument(help: "The store's directory.")
    var store: String

    @OptionGroup var outputOptions: OutputOptions

    func run() async throws {
        let statistics = try await withStore(at: store) { store in try await store.statistics() }
        let output = StandardOutput()
        switch outputOptions.resolved {
        case .text: try Self.write(statistics, to: output)
        case .json:
            var json = JSONWriter()
            json.statistics(statistics)
            json.newLine()
            try output.write(json.bytes)
        }
        try output.flush()
    }

    private static func write(_ statistics: StoreStatistics, to output: StandardOutput) throws {
        var facts = FactList()
        facts.add("store", statistics.storeID.lowercased)
        facts.add("format version", "\(statistics.formatVersion)")
        facts.add("events", statistics.events.grouped)
        facts.add("commits", statistics.commits.grouped)
        facts.add("streams", statistics.streams.grouped)
        facts.add("last position", statistics.lastPosition.map { $0.rawValue.grouped } ?? "none")
        facts.add("events on disk", statistics.eventBytes.byteCount)
        facts.add("snapshots", statistics.snapshots.grouped)
        facts.add("snapshots on disk", statistics.snapshotBytes.byteCount)
        facts.add(
            "quarantine", "\(statistics.quarantinedFiles.grouped) files, \(statistics.quarantinedBytes.byteCount)")
        facts.add("index in memory", statistics.indexBytes.byteCount)
        try facts.write(to: output)
        try writeTables(statistics, to: output)
    }

    private static func writeTables(_ statistics: StoreStatistics, to output: StandardOutput) throws {
        try output.write("\n")
        var types = TextTable([.left("aggregate type"), .right("streams"), .right("events")], to: output)
        for type in statistics.aggregateTypes {
            try types.add([type.name, type.streams.grouped, type.events.grouped])
        }
        try types.finish()
        try output.write("\n")
        var segments = TextTable(
            [
                .left("segment"), .left("state"), .right("size"), .right("commits"), .right("events"),
                .right("released"), .right("released size"), .right("index"), .right("filter"), .right("positions"),
            ], to: output)
        for segment in statistics.segments {
            try segments.add([
                segment.file, state(of: segment), segment.bytes.byteCount, segment.commits.grouped,
                segment.events.grouped, segment.releasedEvents.grouped, segment.releasedBytes.byteCount,
                segment.sidecarBytes.byteCount, segment.filterBytes.byteCount,
                segment.positions.map { "\($0.lowerBound) to \($0.upperBound)" } ?? "none",
            ])
        }
        try segments.finish()
    }

    /// A compacted segment says how much smaller its frames are in it.
    private static func state(of segment: StoreStatistics.Segment) -> String {
        guard segment.isSealed else { return "active" }
        guard segment.isCompacted, segment.contentBytes > 0 else { return "sealed" }
        return "compacted to \(segment.bytes * 100 / segment.contentBytes)%"
    }
}

extension JSONWriter {
    fileprivate mutating func statistics(_ statistics: StoreStatistics) {
        beginObject()
        member("store_id", statistics.storeID.lowercased)
        member("format_version", statistics.formatVersion)
        member("events", statistics.events)
        member("commits", statistics.commits)
        member("streams", statistics.streams)
        key("last_position")
        if let position = statistics.lastPosition { number(position.rawValue) } else { null() }
        member("event_bytes", statistics.eventBytes)
        member("snapshots", statistics.snapshots)
        member("snapshot_bytes", statistics.snapshotBytes)
        member("quarantined_files", statistics.quarantinedFiles)
        member("quarantined_bytes", statistics.quarantinedBytes)
        member("index_bytes", statistics.indexBytes)
        key("aggregate_types")
        beginArray()
        for type in statistics.aggregateTypes {
            beginObject()
            member("name", type.name)
            member("streams", type.streams)
            member("events", type.events)
            endObject()
        }
        endArray()
        key("segments")
        beginArray()
        for segment in statistics.segments { self.segment(segment) }
        endArray()
        endObject()
    }

    private mutating func segment(_ segment: StoreStatistics.Segment) {
        beginObject()
        member("file", segment.file)
        member("sealed", segment.isSealed)
        member("compacted", segment.isCompacted)
        member("bytes", segment.bytes)
        member("content_bytes", segment.contentBytes)
        member("commits", segment.commits)
        member("events", segment.events)
        member("released_events", segment.releasedEvents)
        member("released_bytes", segment.releasedBytes)
        member("sidecar_bytes", segment.sidecarBytes)
        member("filter_bytes", segment.filterBytes)
        if let positions = segment.positions { self.positions(positions) }
        endObject()
    }
}
