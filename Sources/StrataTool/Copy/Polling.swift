/// How often stores are looked at that cannot tell when something comes.
enum Polling {
    static let interval = Duration.milliseconds(250)

    /// Waits for one interval.
    ///
    /// - Returns: false where the task was cancelled.
    static func pause() async -> Bool {
        do {
            try await Task.sleep(for: interval)
            return true
        } catch {
            return false
        }
    }
}
