import ArgumentParser
import CAllocations
import EventSourcing
import Foundation
import Strata

/// Does one thing a number of times and counts what it allocates.
///
/// Under `valgrind --tool=callgrind`, two runs with different counts tell how many instructions one takes.
@main
struct CostProbeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "CostProbe", abstract: "Do one thing a number of times and count its allocations.")

    @Argument(help: "What is done.")
    var operation: ProbedOperation

    @Option(help: "How often.")
    var count: Int

    @Option(help: "A directory for the store.")
    var directory: String

    func run() async throws {
        try await measure()
    }

    @concurrent
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
