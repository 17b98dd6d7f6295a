import Dispatch
import Synchronization

/// A race: two locks guard the same number, each of them from half of the threads.
final class Racy: @unchecked Sendable {
    let first = Mutex(0)
    let second = Mutex(0)
    var number = 0
}

@main
enum Program {
    static func main() {
        let racy = Racy()
        DispatchQueue.concurrentPerform(iterations: 8) { thread in
            for _ in 0..<20_000 {
                let lock = thread % 2
                if lock == 0 { racy.first.withLock { _ in racy.number += 1 } }
                if lock == 1 { racy.second.withLock { _ in racy.number += 1 } }
            }
        }
    }
}
