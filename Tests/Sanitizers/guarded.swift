import Dispatch
import Synchronization

/// No race: one lock guards the array, and threads have to wait for it.
final class Guarded: Sendable {
    let values = Mutex<[Int]>([])
}

@main
enum Program {
    static func main() {
        let guarded = Guarded()
        DispatchQueue.concurrentPerform(iterations: 8) { _ in
            for number in 0..<20_000 {
                guarded.values.withLock { values in
                    values.append(number)
                    if values.count > 100 { values = [] }
                }
            }
        }
    }
}
