import ArgumentParser
import CAllocations
import Dispatch
import EventSourcing
import Foundation
import Strata
import Synchronization

/// Does one thing a number of times and counts what it allocates.
///
/// Under `valgrind --tool=callgrind`, two runs with different counts tell how many instructions one takes.
@main
struct CostProbeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "CostProbe", abstract: "Do one thing a number of times and count its allocations.")

    @Argument(help: "What is done.")
    var operation: ProbedOperation

    @Option(help: "How often.")
    var count: Int

    @Option(help: "A directory for the store.")
    var directory: String

    /// Waits on the main thread, which valgrind cannot follow into Dispatch's own main loop.
    func run() throws {
        let (finished, command) = (DispatchSemaphore(value: 0), self)
        let outcome = Mutex<Result<Void, any Error>>(.success(()))
        Task.detached {
            do { try await command.measure() } catch { outcome.withLock { $0 = .failure(error) } }
            finished.signal()
        }
        finished.wait()
        try outcome.withLock { $0 }.get()
    }

    private func measure() async throws {
        let path = directory + "/cost-\(operation.rawValue)"
        try? FileManager.default.removeItem(atPath: path)
        defer { try? FileManager.default.removeItem(atPath: path) }
        // The writer's mark would come at a time that nobody chose.
        let store = try await StrataStore.open(at: path, options: StrataOptions(idleMarkDelay: nil))
        let subject = try await ProbedStore(store)
        // Caches and buffers that grow once have grown by then.
        try await subject.run(operation, count: ProbedOperation.warmUp)
        let before = (allocations_count(), allocations_bytes())
        try await subject.run(operation, count: count)
        let after = (allocations_count(), allocations_bytes())
        try await store.close()
        let allocations = Double(after.0 - before.0) / Double(count)
        let bytes = Double(after.1 - before.1) / Double(count)
        print(#"{"allocations": \#(allocations), "bytes": \#(bytes)}"#)
    }
}
