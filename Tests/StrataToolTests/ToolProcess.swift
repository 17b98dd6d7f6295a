import Foundation
import Testing

/// The built tool as a process of its own.
final class ToolProcess {
    struct Ended {
        let status: Int32
        /// Whether a signal ended it.
        let isKilled: Bool
        let output: String
        let errors: String

        var lines: [String] { output.split(separator: "\n").map(String.init) }
        var objects: [[String: Any]] {
            get throws {
                try lines.map { line in
                    try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
                }
            }
        }
    }

    private let process = Process()
    private let inputPipe = Pipe()
    private let outputPipe = Pipe()
    private let errorPipe = Pipe()
    private var output = Data()

    var processID: Int32 { process.processIdentifier }

    /// The tool stands beside the bundle of tests.
    private static var executable: URL {
        get throws {
            var folder = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
            for _ in 0..<4 {
                let candidate = folder.appending(path: "strata")
                var isFolder = ObjCBool(false)
                if FileManager.default.fileExists(atPath: candidate.path, isDirectory: &isFolder), !isFolder.boolValue {
                    return candidate
                }
                folder.deleteLastPathComponent()
            }
            throw CocoaError(.fileNoSuchFile)
        }
    }

    /// Starts the tool, with its input kept open.
    init(_ arguments: [String]) throws {
        // Writing to a tool that has ended is an error of the write, not the end of the tests.
        signal(SIGPIPE, SIG_IGN)
        process.executableURL = try Self.executable
        process.arguments = arguments
        process.standardInput = inputPipe
        process.standardOutput = outputPipe
        process.standardError = errorPipe
        try process.run()
    }

    /// Runs the tool from beginning to end.
    static func run(_ arguments: String..., input: [UInt8] = []) async throws -> Ended {
        let tool = try ToolProcess(arguments)
        return try await tool.end(with: input)
    }

    func write(_ input: [UInt8]) throws {
        try inputPipe.fileHandleForWriting.write(contentsOf: input)
    }

    /// Writes while the test goes on; ends early where the tool does.
    func beginWriting(_ input: [UInt8]) -> Task<Void, Never> {
        let writer = inputPipe.fileHandleForWriting
        return Task.detached { await onThread { try? writer.write(contentsOf: input) } }
    }

    /// The next line of output, once it is there.
    func nextLine() -> String? {
        while true {
            if let end = output.firstIndex(of: 0x0A) {
                let line = String(decoding: output[..<end], as: UTF8.self)
                output.removeSubrange(...end)
                return line
            }
            let chunk = outputPipe.fileHandleForReading.availableData
            if chunk.isEmpty { return nil }
            output.append(chunk)
        }
    }

    /// Goes away as a reader of the output.
    func closeOutput() throws {
        try outputPipe.fileHandleForReading.close()
    }

    /// Ends the process without warning.
    func kill() {
        Foundation.kill(process.processIdentifier, SIGKILL)
    }

    /// Writes the rest of the input, closes it, and waits for the end.
    func end(with input: [UInt8] = [], readingOutput: Bool = true) async throws -> Ended {
        let writer = inputPipe.fileHandleForWriting
        let reader = outputPipe.fileHandleForReading
        let errorReader = errorPipe.fileHandleForReading
        let written = Task.detached {
            await onThread {
                // A tool that ends early closes its input.
                try? writer.write(contentsOf: input)
                try? writer.close()
            }
        }
        let errors = Task.detached { await onThread { (try? errorReader.readToEnd()) ?? Data() } }
        if readingOutput { output.append(await onThread { (try? reader.readToEnd()) ?? Data() }) }
        let errorText = String(decoding: await errors.value, as: UTF8.self)
        await written.value
        let process = process
        await onThread { process.waitUntilExit() }
        return Ended(
            status: process.terminationStatus, isKilled: process.terminationReason == .uncaughtSignal,
            output: String(decoding: output, as: UTF8.self), errors: errorText)
    }
}

/// Does what may wait for long on a thread of its own.
@concurrent
private func onThread<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result {
    await withCheckedContinuation { continuation in
        Thread.detachNewThread { continuation.resume(returning: body()) }
    }
}
