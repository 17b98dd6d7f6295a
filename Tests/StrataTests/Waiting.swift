import Dispatch

/// Does something on another thread, and waits for it on this one.
func waiting(_ body: @escaping @Sendable () async throws -> Void) {
    let isDone = DispatchSemaphore(value: 0)
    Task.detached {
        try? await body()
        isDone.signal()
    }
    isDone.wait()
}
