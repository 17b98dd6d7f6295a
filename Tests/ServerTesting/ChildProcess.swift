import Foundation

/// A program as a process of its own.
package enum ChildProcess {
    package struct Ended {
        package let status: Int32
        package let output: String
    }

    /// Runs a program from beginning to end.
    package static func run(
        _ program: String, _ arguments: [String], environment: [String: String] = [:]
    ) async throws -> Ended {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardOutput = pipe
        try process.run()
        let reader = pipe.fileHandleForReading
        let output = await onThread { (try? reader.readToEnd()) ?? Data() }
        await onThread { [process] in process.waitUntilExit() }
        return Ended(status: process.terminationStatus, output: String(decoding: output, as: UTF8.self))
    }

    /// Does what may wait for long on a thread of its own.
    private static func onThread<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: body()) }
        }
    }
}
