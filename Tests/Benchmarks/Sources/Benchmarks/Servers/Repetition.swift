/// The same thing again and again, by several side by side, for some time.
struct Repetition: Sendable {
    let seconds: Double
    var sideBySide = 1
    /// Events that each repetition stores or reads.
    var events = 1

    /// - Parameter body: called with the number of the task, from 0.
    func byTasks(_ body: @escaping @Sendable (Int) async throws -> Void) async throws -> Round {
        try await round { number, end in
            var latencies: [UInt64] = []
            var before = Clock.now
            while before < end {
                try await body(number)
                let after = Clock.now
                latencies.append(after - before)
                before = after
            }
            return latencies
        }
    }

    /// - Parameter body: called with the number of the thread, from 0; may block.
    func byThreads(_ body: @escaping @Sendable (Int) throws -> Void) async throws -> Round {
        try await round { number, end in
            try await onThread {
                var latencies: [UInt64] = []
                var before = Clock.now
                while before < end {
                    try body(number)
                    let after = Clock.now
                    latencies.append(after - before)
                    before = after
                }
                return latencies
            }
        }
    }

    private func round(
        _ repeating: @escaping @Sendable (Int, UInt64) async throws -> [UInt64]
    ) async throws -> Round {
        let start = Clock.now
        let end = start + UInt64(seconds * 1e9)
        var times = WriterTimes()
        try await withThrowingTaskGroup { group in
            for number in 0..<sideBySide { group.addTask { try await repeating(number, end) } }
            for try await latencies in group {
                times.latencies += latencies
                times.events += latencies.count * events
            }
        }
        times.nanoseconds = Clock.now - start
        return times.round()
    }
}
