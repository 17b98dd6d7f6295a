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
            DemoCommand.self, AppendCommand.self, ExportCommand.self, ReadCommand.self, StatsCommand.self,
            TruncateCommand.self, DeleteCommand.self, CompactCommand.self, BackupCommand.self, RestoreCommand.self,
            CopyCommand.self, VerifyCommand.self, RecoverCommand.self, QuarantineCommand.self,
            SnapshotsCommand.self, InspectCommand.self, BenchCommand.self,
        ])

    static func main() async {
        StandardDescriptors.fillGaps()
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
        } catch let error as ClosedOutput {
            Foundation.exit(error.exitCode)
        } catch {
            end(with: error)
        }
    }

    /// The parser quotes arguments, of which one may be an address with a password.
    private static func withoutSecrets(_ message: Substring) -> String {
        guard let start = message.firstRange(of: "://"), let end = message.lastIndex(of: "@"), start.upperBound < end
        else { return String(message) }
        return message[..<start.upperBound] + "…" + message[end...]
    }

    /// Ends with what the argument parser has to say: help on standard output, or one line about wrong usage.
    private static func end(with error: any Error) -> Never {
        guard exitCode(for: error) == .validationFailure else { exit(withError: error) }
        let message = message(for: error).split(separator: "\n").first ?? ""
        StandardError.write("strata: \(withoutSecrets(message).terminalSafe) (strata --help says more)\n")
        Foundation.exit(ExitStatus.usage.rawValue)
    }
}
