import ArgumentParser
import EventInterchange
import Strata

struct QuarantineCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quarantine", abstract: "Look at, take out or delete what recovery has put aside.",
        subcommands: [List.self, Export.self, Purge.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List the files in quarantine; JSON is one file a line.")

        @Argument(help: "The store's directory.")
        var store: String

        @OptionGroup var outputOptions: OutputOptions

        func run() async throws {
            try QuarantineCommand.write(
                try await quarantineErrors(at: store) { () throws(StrataError) in
                    try await StrataStore.quarantine(at: store)
                }, outputOptions)
        }
    }

    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "export", abstract: "Write the bytes of a file in quarantine to standard output.")

        @Argument(help: "The store's directory.")
        var store: String

        @Argument(help: "The file's name, as 'list' gives it.")
        var name: String

        private static let piece = 1 << 20

        func run() async throws {
            let output = StandardOutput()
            var offset = 0
            while true {
                let range = offset..<offset + Self.piece
                let bytes = try await quarantineErrors(at: store) { () throws(StrataError) in
                    try await StrataStore.quarantinedContent(name, range, at: store)
                }
                if bytes.isEmpty { break }
                try output.write(bytes)
                offset += bytes.count
            }
            try output.flush()
        }
    }

    struct Purge: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "purge", abstract: "Delete all files in quarantine, for good, and list them.")

        @Argument(help: "The store's directory.")
        var store: String

        @OptionGroup var outputOptions: OutputOptions

        func run() async throws {
            try QuarantineCommand.write(
                try await quarantineErrors(at: store) { () throws(StrataError) in
                    try await StrataStore.purgeQuarantine(at: store)
                }, outputOptions)
        }
    }

    fileprivate static func write(_ files: [QuarantinedFile], _ options: OutputOptions) throws {
        let output = StandardOutput()
        switch options.resolved {
        case .text:
            var table = TextTable([.left("file"), .right("bytes")], to: output)
            for file in files { try table.add([file.name, file.bytes.grouped]) }
            try table.finish()
        case .json:
            var json = JSONWriter()
            for file in files {
                json.removeAll()
                json.beginObject()
                json.member("file", file.name)
                json.member("bytes", file.bytes)
                json.endObject()
                json.newLine()
                try output.write(json.bytes)
            }
        }
        try output.flush()
    }
}

/// Runs a call of the engine, with its error as one line.
private func quarantineErrors<Value>(
    at path: String, _ body: () async throws(StrataError) -> Value
) async throws(ToolError) -> Value {
    do throws(StrataError) { return try await body() } catch { throw ToolError(error, at: path) }
}
