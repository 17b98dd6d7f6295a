import ArgumentParser
import Foundation

/// The tool's root: parses, runs a command, and turns errors into one line and an exit code.
@main
struct StrataCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "strata",
        abstract: "Feed, read, check and export event stores.",
        discussion: """
            A store is a directory, conventionally NAME.strata. Results go to standard output, everything else to \
            standard error. On a terminal results are text, elsewhere JSON, unless --format says otherwise. Reading \
            commands work beside a running writer and change nothing.

            \(ExitStatus.help)
            """,
        version: "0.1.0",
        subcommands: [
            AppendCommand.self, ExportCommand.self, ReadCommand.self, StatsCommand.self, VerifyCommand.self,
            SnapshotsCommand.self, InspectCommand.self,
        ])

    static func main() async {
        // A closed pipe shows as an error of the write, so that the store is closed properly.
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try parseAsRoot()
            if var asyncCommand = command as? any AsyncParsableCommand {
                try await asyncCommand.run()
            } else {
                try command.run()
            }
        } catch let error as ToolError {
            StandardError.write("strata: \(error.message.terminalSafe)\n")
            Foundation.exit(error.status.rawValue)
        } catch is ClosedOutput {
            Foundation.exit(ExitStatus.success.rawValue)
        } catch {
            exit(withError: error)
        }
    }
}
