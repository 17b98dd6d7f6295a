import Synchronization

/// Snapshots on their way to the snapshot store, beside the saves that called for them.
///
/// Those of one aggregate run one after the other, and one that a newer one is waiting behind is left out, unless somebody
/// waits for it.
final class BackgroundSnapshots: Sendable {
    private struct Newest {
        let number: Int
        let version: Int
    }

    private struct State {
        var lastNumber = 0
        var tasks: [Int: Task<Void, Never>] = [:]
        var newest: [StreamID: Newest] = [:]
        /// Those that somebody waits for.
        var awaited: Set<Int> = []
        /// Those that have finished since anyone looked.
        var unnoticed = 0
    }

    private let state = Mutex(State())

    /// Those that have not finished, and those that have since the last call of ``begin(_:of:store:)`` or
    /// ``awaitAll()``: right behind a call of `begin` its own is always among them.
    var count: Int {
        state.withLock { $0.tasks.count + $0.unnoticed }
    }

    /// Begins to store a snapshot.
    func begin(_ version: Int, of stream: StreamID, store: @escaping @Sendable () async -> Void) {
        state.withLock { state in
            state.unnoticed = 0
            let previous = state.newest[stream]
            if let previous, previous.version >= version { return }
            let predecessor = previous.flatMap { state.tasks[$0.number] }
            state.lastNumber += 1
            let number = state.lastNumber
            state.newest[stream] = Newest(number: number, version: version)
            state.tasks[number] = Task {
                await predecessor?.value
                if self.isNeeded(number, of: stream) { await store() }
                self.finish(number, of: stream)
            }
        }
    }

    /// Waits for all that have begun: afterwards the newest of each stream is stored, or has failed, whatever begins meanwhile.
    ///
    /// - Returns: what ``count`` was.
    func awaitAll() async -> Int {
        let (count, tasks) = state.withLock { state in
            defer { state.unnoticed = 0 }
            state.awaited.formUnion(state.newest.values.map(\.number))
            return (state.tasks.count + state.unnoticed, Array(state.tasks.values))
        }
        for task in tasks { await task.value }
        state.withLock { $0.unnoticed = 0 }
        return count
    }

    private func isNeeded(_ number: Int, of stream: StreamID) -> Bool {
        state.withLock { $0.newest[stream]?.number == number || $0.awaited.contains(number) }
    }

    private func finish(_ number: Int, of stream: StreamID) {
        state.withLock { state in
            state.tasks[number] = nil
            state.awaited.remove(number)
            state.unnoticed += 1
            if state.newest[stream]?.number == number { state.newest[stream] = nil }
        }
    }
}
