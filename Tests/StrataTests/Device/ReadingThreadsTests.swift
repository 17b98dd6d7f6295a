import Dispatch
import Synchronization
import Testing

@testable import Strata

@Suite struct ReadingThreadsTests {
    @Test(.timeLimit(.minutes(1))) func asManyJobsRunAtOnceAsThereMayBeThreads() async {
        let threads = ReadingThreads(atMost: 3)
        let arrived = DispatchSemaphore(value: 0)
        await withCheckedContinuation { continuation in
            let count = Mutex(0)
            for _ in 0..<3 {
                threads.async {
                    // Each goes on only when all three have come.
                    let isLast = count.withLock { count in
                        count += 1
                        return count == 3
                    }
                    if isLast { for _ in 0..<3 { arrived.signal() } }
                    arrived.wait()
                    if isLast { continuation.resume() }
                }
            }
        }
    }

    @Test(.timeLimit(.minutes(1))) func moreJobsThanThreadsBeginInTheirOrder() async {
        let threads = ReadingThreads(atMost: 1)
        let begun = Mutex<[Int]>([])
        await withCheckedContinuation { continuation in
            for number in 0..<1_000 { threads.async { begun.withLock { $0.append(number) } } }
            threads.async { continuation.resume() }
        }
        #expect(begun.withLock { $0 } == Array(0..<1_000))
    }

    /// A thread that goes to sleep while a job comes must not sleep through it.
    @Test(.timeLimit(.minutes(1))) func noJobIsForgottenWhileThreadsGoToSleep() async {
        let threads = ReadingThreads(atMost: 4)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<2_000 {
                        await withCheckedContinuation { continuation in threads.async { continuation.resume() } }
                    }
                }
            }
        }
    }

    @Test(.timeLimit(.minutes(1))) func readsThatBlockDoNotHoldTasksUp() async {
        let threads = ReadingThreads(atMost: 64)
        let (entered, goOn) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        for _ in 0..<64 {
            threads.async {
                entered.signal()
                goOn.wait()
                entered.signal()
            }
        }
        // Tasks have as many threads as ever.
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<1_000 { group.addTask { await Task.yield() } }
        }
        await Self.onThread {
            for _ in 0..<64 { entered.wait() }
            for _ in 0..<64 { goOn.signal() }
            for _ in 0..<64 { entered.wait() }
        }
    }

    private static func onThread(_ body: @escaping @Sendable () -> Void) async {
        await withCheckedContinuation { continuation in
            let isStarted = DetachedThread.start {
                body()
                continuation.resume()
            }
            #expect(isStarted)
        }
    }
}
