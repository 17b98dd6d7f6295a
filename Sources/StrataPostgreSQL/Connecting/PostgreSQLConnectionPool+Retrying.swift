#if PostgreSQL
import Logging

extension PostgreSQLConnectionPool {
    /// What a repeated operation ended with.
    struct RetryFailure: Error {
        let error: PostgreSQLError
        /// Whether some attempt may have done its work without anybody learning of it.
        let mayBeDone: Bool
    }

    /// Lends a connection to `body`, and, where that connection is lost or the server rolls back for reasons of its own, another one,
    /// for as long as the options allow.
    ///
    /// - Parameters:
    ///   - isRepeatable: whether `body` can be repeated although an earlier call may have had its effect.
    ///   - body: what to do.
    func retrying<Value: Sendable>(
        afterLoss isRepeatable: Bool = true, _ body: (Connection) async throws(PostgreSQLError) -> Value
    ) async throws(RetryFailure) -> Value {
        var mayBeDone = false
        var attempt = 0
        var deadline: ContinuousClock.Instant?
        while true {
            do throws(PostgreSQLError) {
                return try await withConnection { connection throws(PostgreSQLError) in
                    do throws(PostgreSQLError) {
                        return try await body(connection)
                    } catch {
                        if error.code == .connectionLost { mayBeDone = true }
                        throw error
                    }
                }
            } catch {
                let pause = options.reconnect.delay(afterAttempt: attempt)
                let end = deadline ?? .now + options.reconnect.timeout
                guard error.isTransient, isRepeatable || !mayBeDone, .now + pause < end else {
                    throw RetryFailure(error: error, mayBeDone: mayBeDone)
                }
                if attempt == 0 { options.logger.notice("trying again: \(error)") }
                deadline = end
                attempt += 1
                try? await Task.sleep(for: pause)
            }
        }
    }
}
#endif
