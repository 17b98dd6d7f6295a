import Dispatch
import Glibc
import Synchronization

/// What a thread makes and hands over by a continuation, which it resumes before the task waits for it.
///
/// No race, unless the variable `LATE` is set: then the thread goes on changing what it has handed over.
final class Made: @unchecked Sendable {
    var number = 0
}

/// Orders nothing.
final class Flag: Sendable {
    private let value = Atomic(false)

    func set() { value.store(true, ordering: .relaxed) }

    func wait() {
        while !value.load(ordering: .relaxed) {}
    }
}

@main
enum Program {
    static func main() async {
        let isLate = getenv("LATE") != nil
        for number in 0..<100 {
            let made: Made = await withCheckedContinuation { continuation in
                let isResumed = Flag()
                DispatchQueue.global().async {
                    let made = Made()
                    if !isLate { made.number = number }
                    continuation.resume(returning: made)
                    if isLate { made.number = number }
                    isResumed.set()
                }
                isResumed.wait()
            }
            made.number += 1
        }
    }
}
