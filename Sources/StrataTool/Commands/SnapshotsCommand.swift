import ArgumentParser

struct SnapshotsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "snapshots", abstract: "Look at a store's snapshots.",
        subcommands: [SnapshotListCommand.self, SnapshotShowCommand.self])
}
