import Dispatch
import Testing

/// Does something on another thread, and waits for it on this one, which must be none that tasks run on.
func waiting(_ body: @escaping @Sendable () async throws -> Void) {
    let isDone = DispatchSemaphore(value: 0)
    Task.detached {
        do { try await body() } catch { Issue.record(error) }
        isDone.signal()
    }
    isDone.wait()
}
