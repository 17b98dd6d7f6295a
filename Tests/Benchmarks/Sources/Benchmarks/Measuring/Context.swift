import Foundation
import Synchronization

/// How much is measured.
struct Scale: Sendable {
    let rounds: Int
    /// How long one side appends in one round, in seconds.
    let seconds: Double
    /// Events in the store that reads are measured on.
    let storedEvents: Int
    /// Events in the stores of the growth rows.
    let growth: [Int]
    /// Reads or look-ups in one round.
    let reads: Int
    /// Round trips of the typed path in one round.
    let typedRepetitions: Int

    static let full = Scale(
        rounds: 5, seconds: 1, storedEvents: 10_000_000, growth: [10_000, 1_000_000, 10_000_000], reads: 2_000,
        typedRepetitions: 50)
    static let quick = Scale(
        rounds: 3, seconds: 0.1, storedEvents: 100_000, growth: [10_000, 100_000], reads: 200, typedRepetitions: 10)
}

/// What rows are measured with.
final class Context: Sendable {
    let scale: Scale
    /// Holds all stores of the run.
    let directory: String
    let orders: EventSample
    /// The recorded input; nil where none was given.
    let recorded: EventSample?
    /// The file of the recorded input, in NDJSON, perhaps with gzip; nil where none was given.
    let recordedPath: String?
    /// The Python that has the reference's library; nil where it is not installed.
    let python: String?
    let stores: FilledStores
    /// Directories that the row being measured has made.
    private let made = Mutex<Set<String>>([])

    init(scale: Scale, directory: String, recordedPath: String?, python: String?) throws {
        self.scale = scale
        self.directory = directory
        self.recordedPath = recordedPath
        recorded = try recordedPath.map { try EventSample.recorded(at: $0) }
        self.python = python
        orders = .orders()
        stores = FilledStores(directory: directory)
    }

    /// Makes an empty directory of a name, which is removed when the row has been measured.
    func makeDirectory(_ name: String) throws -> String {
        let path = directory + "/" + name
        try? FileManager.default.removeItem(atPath: path)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        made.withLock { _ = $0.insert(path) }
        return path
    }

    /// Removes what a row has made, so that a long run does not fill the device.
    func removeDirectories() throws {
        let paths = made.withLock { paths in
            defer { paths = [] }
            return paths
        }
        for path in paths { try FileManager.default.removeItem(atPath: path) }
    }
}

/// Runs a function that blocks on a thread of its own.
func onThread<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        let thread = Thread { continuation.resume(with: Swift.Result { try body() }) }
        thread.stackSize = 8 << 20
        thread.start()
    }
}
