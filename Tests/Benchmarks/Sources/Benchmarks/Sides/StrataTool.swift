import Foundation

/// The tool, which is built beside this program.
enum StrataTool {
    private static var path: String {
        get throws {
            let here = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
            return URL(fileURLWithPath: here).deletingLastPathComponent().appendingPathComponent("strata").path
        }
    }

    static func run(_ arguments: [String]) async throws {
        _ = try await ChildProcess.output(of: path, arguments)
    }

    /// How many bytes of NDJSON a store's events are.
    static func exportedBytes(of store: String) async throws -> Int {
        try await ChildProcess.outputLength(of: path, ["export", store])
    }
}
