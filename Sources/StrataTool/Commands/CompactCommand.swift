import ArgumentParser
import Dispatch
import EventInterchange
import Foundation
import Strata

struct CompactCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compact",
        abstract: "Drop released events, merge and compress segments, and drop snapshots that nobody needs.",
        discussion: """
            Takes the place of old segments one step at a time; a crash or ^C at any point loses nothing, and what was \
            done stays. After 'delete' and 'compact', no byte of the erased events is left in the store's files; files \
            in quarantine are named, and deleted with --purge-quarantine. Ends with 130 after ^C, with 1 where damaged \
            snapshots had to be left as they are, and with 74 where files could not be removed. The store must not be open for writing \
            elsewhere: a service compacts its own.
            """)

    @Argument(help: "The store's directory.")
    var store: String

    @Flag(name: .customLong("dry-run"), help: "Only say what would go, and about how many bytes would come back.")
    var isDryRun = false

    @Option(
        name: .customLong("max-bandwidth"),
        help: "Read and write no faster than this, such as 50MB/s or 8MiB/s, so that others keep the device.")
    var bandwidth: Bandwidth?

    @Option(
        name: .customLong("target-segment-size"),
        help: "Merge neighbouring segments up to this size before compression: 64KiB to 2GiB.")
    var targetSegmentSize = ByteCount(256 << 20)

    @Option(help: "lz4, or none: leave segments as they are unless something in them is released, or they are small.")
    var compress = SegmentCompression(.lz4)

    @Flag(name: .customLong("purge-quarantine"), help: "Delete the files in quarantine, too, for good.")
    var purgesQuarantine = false

    @OptionGroup var outputOptions: OutputOptions

    func run() async throws {
        let options = CompactionOptions(
            compression: compress.value, targetSegmentBytes: targetSegmentSize.bytes,
            maxBytesPerSecond: bandwidth?.bytesPerSecond, purgesQuarantine: purgesQuarantine)
        let access = StrataOptions(
            access: isDryRun ? .readOnly : .readWrite, createIfMissing: false, logger: StandardErrorLog.logger)
        let report = try await withStore(at: store, options: access) { store in
            isDryRun ? try await store.compactionPreview(options) : try await Self.compact(store, options)
        }
        try write(report)
    }

    /// Compacts until it is done, or until an interrupt ends it.
    private static func compact(_ store: StrataStore, _ options: CompactionOptions) async throws -> CompactionReport {
        let job = store.compact(options)
        signal(SIGINT, SIG_IGN)
        let interrupt = DispatchSource.makeSignalSource(signal: SIGINT, queue: .global())
        interrupt.setEventHandler { job.cancel() }
        interrupt.resume()
        defer { interrupt.cancel() }
        let line = ProgressLine(isEnabled: StandardError.isTerminal) { $0.byteCount }
        for await progress in job.progress { line.update(progress.bytesDone, of: progress.bytesTotal) }
        line.finish()
        return try await job.report()
    }

    private func write(_ report: CompactionReport) throws {
        let output = StandardOutput()
        switch outputOptions.resolved {
        case .text: try write(report, to: output)
        case .json:
            var json = JSONWriter()
            json.compaction(report, isDryRun: isDryRun)
            json.newLine()
            try output.write(json.bytes)
        }
        try output.flush()
        try check(report)
    }

    /// What is left undone must not look like success to whoever erases.
    private func check(_ report: CompactionReport) throws {
        if report.isCancelled { throw ClosedOutput(exitCode: 128 + SIGINT) }
        if report.leavesDamagedSnapshots {
            throw ToolError(
                .found,
                "\(store): snapshots are damaged and were left as they are, deleted ones among them; "
                    + "'strata recover \(store)' puts the damaged ones aside")
        }
        guard report.leftovers.isEmpty else {
            throw ToolError(.ioFailure, "\(store): files that were replaced could not be removed")
        }
    }

    private func write(_ report: CompactionReport, to output: StandardOutput) throws {
        var facts = FactList()
        facts.add("segments", "\(report.segmentsBefore.grouped), then \(report.segmentsAfter.grouped)")
        facts.add("released events", report.releasedEvents.grouped)
        facts.add("orphaned snapshots", report.orphanedSnapshots.grouped)
        facts.add(
            "snapshots on disk",
            "\(report.snapshotBytesBefore.byteCount), then \(report.snapshotBytesAfter.byteCount)")
        facts.add(isDryRun ? "would come back, about" : "came back", report.reclaimedBytes.byteCount)
        for file in report.purged { facts.add("deleted from quarantine", file.name) }
        for file in report.quarantined { facts.add("in quarantine, may hold released events", file.name) }
        for file in report.leftovers { facts.add("could not be removed", file) }
        if report.leavesDamagedSnapshots { facts.add("snapshots", "damaged, and left as they are") }
        let result = report.isCancelled ? "cancelled; nothing is lost" : "done"
        facts.add("result", isDryRun ? "nothing was changed" : result)
        try facts.write(to: output)
        guard !report.rewrites.isEmpty else { return }
        try output.write("\n")
        var table = TextTable(
            [.left("segments"), .right("events"), .right("released"), .right("before"), .right("after")], to: output)
        for rewrite in report.rewrites {
            let first = rewrite.replaced.first ?? ""
            let more = rewrite.replaced.count > 1 ? " and \(rewrite.replaced.count - 1) more" : ""
            try table.add([
                first + more, rewrite.events.grouped, rewrite.releasedEvents.grouped, rewrite.bytesBefore.byteCount,
                rewrite.bytesAfter.byteCount,
            ])
        }
        try table.finish()
    }
}

/// `lz4` or `none`.
struct SegmentCompression: ExpressibleByArgument {
    let value: CompactionOptions.Compression

    init(_ value: CompactionOptions.Compression) {
        self.value = value
    }

    init?(argument: String) {
        guard let value = CompactionOptions.Compression(rawValue: argument) else { return nil }
        self.value = value
    }

    var defaultValueDescription: String { value.rawValue }
}

extension JSONWriter {
    fileprivate mutating func compaction(_ report: CompactionReport, isDryRun: Bool) {
        beginObject()
        member("dry_run", isDryRun)
        member("cancelled", report.isCancelled)
        member("segments_before", report.segmentsBefore)
        member("segments_after", report.segmentsAfter)
        member("released_events", report.releasedEvents)
        member("reclaimed_bytes", report.reclaimedBytes)
        member("orphaned_snapshots", report.orphanedSnapshots)
        member("snapshot_bytes_before", report.snapshotBytesBefore)
        member("snapshot_bytes_after", report.snapshotBytesAfter)
        key("rewrites")
        beginArray()
        for rewrite in report.rewrites { self.rewrite(rewrite) }
        endArray()
        names("quarantined", report.quarantined.map(\.name))
        names("purged", report.purged.map(\.name))
        names("leftovers", report.leftovers)
        member("leaves_damaged_snapshots", report.leavesDamagedSnapshots)
        endObject()
    }

    private mutating func rewrite(_ rewrite: CompactionReport.Rewrite) {
        beginObject()
        names("replaced", rewrite.replaced)
        member("events", rewrite.events)
        member("released_events", rewrite.releasedEvents)
        member("bytes_before", rewrite.bytesBefore)
        member("bytes_after", rewrite.bytesAfter)
        endObject()
    }

    private mutating func names(_ name: String, _ names: [String]) {
        key(name)
        beginArray()
        for name in names { string(name) }
        endArray()
    }
}
