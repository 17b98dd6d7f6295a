import ArgumentParser

@main
struct BenchmarkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "benchmark", subcommands: [RunCommand.self, ServersCommand.self, MemoryProbeCommand.self],
        defaultSubcommand: RunCommand.self)
}
