import ArgumentParser
import Strata

struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Copy a store, or bring an older copy up to date; works beside a running writer.",
        discussion: """
            The backup is a store's directory that verify checks and all reading commands read. Sealed segments \
            are hard links where the file system allows it. A backup that is cut off leaves the older one \
            whole, and the next goes on from there. A destination that holds anything but a backup of this store is \
            refused with 73.

            JSON is one object: {"store_id":…,"segments":…,"events":…,"last_position":…,"copied_bytes":…,\
            "linked_bytes":…,"kept_bytes":…,"removed_files":…,"damaged_snapshots":[…]}. Ends with 1 where snapshots of \
            the store are damaged: they are copied as they are.
            """)

    @Argument(help: "The store's directory.")
    var store: String

    @Argument(help: "The backup's directory.")
    var destination: String

    @Flag(help: "Make no hard links: the backup shares nothing with the store, not even bad blocks.")
    var copy = false

    @OptionGroup var outputOptions: OutputOptions

    func run() async throws {
        let progress = ProgressLine(isEnabled: StandardError.isTerminal) { $0.byteCount }
        let report: BackupReport
        do throws(StrataError) {
            defer { progress.finish() }
            report = try await StrataStore.backup(
                of: store, to: destination, options: BackupOptions(usesHardLinks: !copy)
            ) { job in
                progress.update(job.bytesDone, of: job.bytesTotal)
            }
        } catch {
            throw ToolError(error, at: store)
        }
        try report.write(outputOptions, of: destination)
    }
}

struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Make a store of a backup, and check every byte of it.",
        discussion: """
            Everything is copied, so that the backup stays as it is. Where events are damaged, no store is made; where \
            snapshots are, it is made, and the command ends with 1. JSON is one object, as of backup.
            """)

    @Argument(help: "The backup's directory.")
    var backup: String

    @Argument(help: "The new store's directory; there must be nothing, or an empty directory.")
    var store: String

    @OptionGroup var outputOptions: OutputOptions

    func run() async throws {
        let progress = ProgressLine(isEnabled: StandardError.isTerminal) { $0.byteCount }
        let report: BackupReport
        do throws(StrataError) {
            defer { progress.finish() }
            report = try await StrataStore.restore(backup, to: store) { job in
                progress.update(job.bytesDone, of: job.bytesTotal)
            }
        } catch {
            throw ToolError(error, at: backup)
        }
        try report.write(outputOptions, of: store)
    }
}
