import Foundation

/// Other programs.
enum ChildProcess {
    /// Runs a program to its end and returns what it wrote to standard output.
    static func output(of program: String, _ arguments: [String]) async throws -> Data {
        try await run(program, arguments) { try $0.readToEnd() ?? Data() }
    }

    /// Runs a program to its end and returns how much it wrote to standard output.
    static func outputLength(of program: String, _ arguments: [String]) async throws -> Int {
        try await run(program, arguments) { output in
            var length = 0
            while let data = try output.read(upToCount: 1 << 20), !data.isEmpty { length += data.count }
            return length
        }
    }

    private static func run<Result: Sendable>(
        _ program: String, _ arguments: [String], reading read: @escaping @Sendable (FileHandle) throws -> Result
    ) async throws -> Result {
        // A link such as /proc/self/exe means something else to the child.
        let path = (try? FileManager.default.destinationOfSymbolicLink(atPath: program)) ?? program
        return try await onThread {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: path)
            process.arguments = arguments
            let output = Pipe()
            process.standardOutput = output
            try process.run()
            let result = try read(output.fileHandleForReading)
            process.waitUntilExit()
            guard process.terminationStatus == 0 else {
                throw BenchmarkError("\(path) \(arguments.joined(separator: " ")) failed")
            }
            return result
        }
    }
}
