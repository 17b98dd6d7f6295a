import Foundation

/// Other programs.
enum ChildProcess {
    /// Runs a program to its end and returns what it wrote to standard output.
    static func output(of program: String, _ arguments: [String]) async throws -> Data {
        // A link such as /proc/self/exe means something else to the child.
        let path = (try? FileManager.default.destinationOfSymbolicLink(atPath: program)) ?? program
        return try await onThread {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: path)
            process.arguments = arguments
            let output = Pipe()
            process.standardOutput = output
            try process.run()
            let data = try output.fileHandleForReading.readToEnd() ?? Data()
            process.waitUntilExit()
            guard process.terminationStatus == 0 else {
                throw BenchmarkError("\(path) \(arguments.joined(separator: " ")) failed")
            }
            return data
        }
    }
}
