import CFuzzDriver
import Dispatch
import Foundation
import FuzzHarness
import Synchronization

/// Gives inputs of libFuzzer's to a target, and stops the process where something is wrong: libFuzzer then keeps the
/// input as a reproducer.
///
/// `STRATA_FUZZ_TARGET` names the target, and all arguments are libFuzzer's, which starts this program again with its own.
/// With `seeds DIRECTORY` it writes the corpora anew.
@main
enum FuzzDriver {
    /// No single input may take longer, in seconds of processor time.
    private static let secondsLimit = 1.0

    private static let target: FuzzTarget = {
        let name = ProcessInfo.processInfo.environment["STRATA_FUZZ_TARGET"]
        guard let target = FuzzTarget.all.first(where: { $0.name == name }) else {
            print("STRATA_FUZZ_TARGET is one of \(FuzzTarget.all.map(\.name).joined(separator: ", "))")
            exit(EX_USAGE)
        }
        return target
    }()

    static func main() async throws {
        if CommandLine.arguments.dropFirst().first == "seeds", let directory = CommandLine.arguments.dropFirst(2).first
        {
            return try await writeSeeds(to: directory)
        }
        _ = target
        exit(strata_fuzz_main(CommandLine.argc, CommandLine.unsafeArgv))
    }

    /// Runs one input.
    ///
    /// - Parameters:
    ///   - data: where the input begins; libFuzzer's, and valid during the call.
    ///   - count: the input's length.
    fileprivate static func run(_ data: UnsafePointer<UInt8>?, _ count: Int) {
        // Safe: libFuzzer's own buffer, copied before anything else happens.
        let input = Array(UnsafeBufferPointer(start: data, count: count))
        _ = strata_fuzz_largest_allocation()
        let start = ContinuousClock.now
        checkOrStop(input)
        let duration = ContinuousClock.now - start
        let largest = strata_fuzz_largest_allocation()
        let limit = target.allocationLimit(forInputOf: count)
        if largest > limit { stop("one allocation of \(largest) bytes for an input of \(count); \(limit) are allowed") }
        if duration > .seconds(secondsLimit) { stopIfSlow(input) }
    }

    /// The time that has passed may be that of other processes, and processor time takes longer to ask for than some
    /// inputs take: so only what seems slow is run once more, and measured.
    private static func stopIfSlow(_ input: [UInt8]) {
        let before = strata_fuzz_processor_seconds()
        checkOrStop(input)
        let seconds = strata_fuzz_processor_seconds() - before
        if seconds > secondsLimit { stop("the input took \(seconds) s of processor time") }
    }

    private static func checkOrStop(_ input: [UInt8]) {
        do { try check(input) } catch { stop("\(error)") }
    }

    private static func check(_ input: [UInt8]) throws {
        switch target.check {
        case .synchronous(let check): try check(input)
        case .asynchronous(let check):
            let outcome = Outcome()
            Task.detached {
                do { try await check(input) } catch { outcome.error.withLock { $0 = error } }
                outcome.isSettled.signal()
            }
            outcome.isSettled.wait()
            if let error = outcome.error.withLock({ $0 }) { throw error }
        }
    }

    /// Files of the seeds are called `seed-NAME`; other files of a corpus stay as they are.
    private static func writeSeeds(to directory: String) async throws {
        for (target, seeds) in try await FuzzSeeds.make() {
            let corpus = URL(filePath: directory).appending(path: target)
            try FileManager.default.createDirectory(at: corpus, withIntermediateDirectories: true)
            for (name, bytes) in seeds { try Data(bytes).write(to: corpus.appending(path: "seed-\(name)")) }
        }
    }

    private static func stop(_ message: String) -> Never {
        print("FINDING: \(message)")
        fflush(nil)
        abort()
    }
}

/// How a check ended that ran on another thread.
private final class Outcome: Sendable {
    let error = Mutex<(any Error)?>(nil)
    let isSettled = DispatchSemaphore(value: 0)
}

/// What libFuzzer calls.
@c(LLVMFuzzerTestOneInput)
public func runInput(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    FuzzDriver.run(data, count)
    return 0
}
