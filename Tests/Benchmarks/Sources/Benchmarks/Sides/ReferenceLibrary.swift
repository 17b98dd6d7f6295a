import Foundation

/// The reference's own library, in a process that answers one line a round.
final class ReferenceLibrary: @unchecked Sendable {
    // Sendable because rounds come one after the other.
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    private var rest = Data()

    /// - Parameter python: an interpreter that can import the library.
    init(python: String) throws {
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Reference/order.py")
        process.executableURL = URL(fileURLWithPath: python)
        process.arguments = [script.path]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
    }

    /// The mean time of an action, in milliseconds.
    func measure(_ action: String, repetitions: Int) throws -> Double {
        try input.fileHandleForWriting.write(contentsOf: Data("\(action) \(repetitions)\n".utf8))
        while !rest.contains(UInt8(ascii: "\n")) {
            let more = output.fileHandleForReading.availableData
            guard !more.isEmpty else { throw BenchmarkError("the reference's library ended") }
            rest += more
        }
        let line = String(decoding: rest, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        rest = Data()
        guard let milliseconds = Double(line) else { throw BenchmarkError("the reference's library said '\(line)'") }
        return milliseconds
    }

    func close() throws {
        try input.fileHandleForWriting.close()
        process.waitUntilExit()
    }
}
