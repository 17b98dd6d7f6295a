#if PostgreSQL
import Logging
import Synchronization

/// Wakes readers when something was appended, by a connection of its own that listens to the server's notifications.
///
/// The connection is open while somebody waits. Besides, readers are woken every five seconds, so that nothing depends on
/// notifications: a pooler may swallow them.
final class FeedListener: Sendable {
    private static let tick = Duration.seconds(5)
    /// How long the connection is kept while nobody waits.
    private static let idleTime = Duration.seconds(60)

    private struct State {
        /// Grows whenever readers have reason to look.
        var generation = 0
        var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
        var nextWaiter = 0
        var isListening = false
        var lastWait = ContinuousClock.now
    }

    private let options: PostgreSQLOptions
    private let channel: String
    private let state = Mutex(State())

    init(_ options: PostgreSQLOptions, channel: String) {
        self.options = options
        self.channel = channel
    }

    /// What to give to ``wait(beyond:)``; taken before reading, it makes sure that no append is missed.
    var generation: Int { state.withLock { $0.generation } }

    /// Waits until readers have had reason to look since a generation; ends early where the task is cancelled.
    func wait(beyond generation: Int) async {
        let id = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let (mustWait, mustListen) = state.withLock { state in
                    guard state.generation == generation, !Task.isCancelled else { return (false, false) }
                    state.waiters[id] = continuation
                    state.lastWait = .now
                    defer { state.isListening = true }
                    return (true, !state.isListening)
                }
                if !mustWait { continuation.resume() }
                if mustListen { Task { await listen() } }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: id) }?.resume()
        }
    }

    private func listen() async {
        var attempt = 0
        while mustGoOn() {
            do throws(PostgreSQLError) {
                let connection = try await Connection.open(options)
                try await connection.run(Command(Statement("LISTEN \"\(channel)\"")))
                attempt = 0
                // What was appended before is found by looking.
                wake()
                while mustGoOn() {
                    _ = try await connection.notification(until: .now + Self.tick)
                    wake()
                }
            } catch {
                if attempt == 0 { options.logger.notice("no notifications for now: \(error)") }
                try? await Task.sleep(for: options.reconnect.delay(afterAttempt: attempt))
                attempt += 1
                wake()
            }
        }
    }

    /// Whether somebody waits or did not long ago; where nobody does, listening ends.
    private func mustGoOn() -> Bool {
        state.withLock { state in
            if !state.waiters.isEmpty { state.lastWait = .now }
            state.isListening = state.lastWait.duration(to: .now) < Self.idleTime
            return state.isListening
        }
    }

    private func wake() {
        let waiters = state.withLock { state in
            state.generation += 1
            if !state.waiters.isEmpty { state.lastWait = .now }
            defer { state.waiters = [:] }
            return state.waiters.values
        }
        for waiter in waiters { waiter.resume() }
    }
}
#endif
