import Foundation

/// The reference's own library, in a process that answers one line a round.
final class ReferenceLibrary: @unchecked Sendable {
    // Sendable because rounds come one after the other.
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    private var rest = Data()

    /// - Parameters:
    ///   - python: an interpreter that can import the library.
    ///   - name: a script in `Reference/`.
    init(python: String, script name: String = "order.py", _ arguments: String...) throws {
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Reference/\(name)")
        process.executableURL = URL(fileURLWithPath: python)
        process.arguments = [script.path] + arguments
        process.standardInput = input
        process.standardOutput = output
        try process.run()
    }

    /// The mean time of an action, in milliseconds.
    func measure(_ action: String, repetitions: Int) throws -> Double {
        try ask("\(action) \(repetitions)")
    }

    /// The number that the script answers to a line.
    func ask(_ line: String) throws -> Double {
        try input.fileHandleForWriting.write(contentsOf: Data("\(line)\n".utf8))
        while !rest.contains(UInt8(ascii: "\n")) {
            let more = output.fileHandleForReading.availableData
            guard !more.isEmpty else { throw BenchmarkError("the reference's library ended") }
            rest += more
        }
        let answer = String(decoding: rest, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        rest = Data()
        guard let number = Double(answer) else { throw BenchmarkError("the reference's library said '\(answer)'") }
        return number
    }

    func close() throws {
        try input.fileHandleForWriting.close()
        process.waitUntilExit()
    }
}
