/// A scrub under way: reads every byte of an open store and checks it, beside readers and the writer.
///
/// As a sequence it gives how far it is and what it has found: always the latest state, so that nothing is lost by
/// looking seldom, and nothing piles up. It goes on whether or not anybody looks, and ends early once ``cancel()`` is
/// called, the last reference to it is gone, or the store is closed.
public final class Scrub: AsyncSequence, Sendable {
    /// How far a scrub is, and everything that it has found by then.
    public struct Progress: Hashable, Sendable {
        public let job: JobProgress
        /// What is damaged in the log.
        public let damage: [Damage]
        /// Snapshots that are damaged: each counts as absent, and costs a replay or, where its stream was truncated, the
        /// aggregate's state.
        public let damagedSnapshots: [Damage]
    }

    public typealias Element = Progress
    public typealias Failure = Never

    private let states: AsyncStream<Progress>
    private let task: Task<Result<ScrubReport, StrataError>, Never>
    private let pace: Pace

    init(
        _ pace: Pace,
        _ walk: @escaping @Sendable (@escaping @Sendable (Progress) -> Void) throws(StrataError) -> ScrubReport
    ) {
        let (states, continuation) = AsyncStream.makeStream(of: Progress.self, bufferingPolicy: .bufferingNewest(1))
        self.states = states
        self.pace = pace
        task = Task(executorPreference: Simulation.executor) {
            defer { continuation.finish() }
            do throws(StrataError) {
                return .success(
                    try await BlockingReads.run { () throws(StrataError) in
                        try walk { _ = continuation.yield($0) }
                    })
            } catch {
                return .failure(error)
            }
        }
    }

    deinit {
        pace.stop()
    }

    /// Ends the scrub early: ``report()`` throws ``StrataError/Code/cancelled``.
    public func cancel() {
        pace.stop()
    }

    /// Waits for the end, and gives everything that was found. Cancelling the task that waits cancels the scrub.
    ///
    /// - Throws: ``StrataError/Code/cancelled``, and the codes of failed calls. Damage is no error here.
    public func report() async throws(StrataError) -> ScrubReport {
        let result = await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            pace.stop()
        }
        return try result.get()
    }

    /// Keeps the scrub, so that a loop over one that nobody else has comes to its end.
    public struct Iterator: AsyncIteratorProtocol {
        private let scrub: Scrub
        private var states: AsyncStream<Progress>.Iterator

        fileprivate init(_ scrub: Scrub) {
            self.scrub = scrub
            states = scrub.states.makeAsyncIterator()
        }

        public mutating func next(isolation actor: isolated (any Actor)? = #isolation) async -> Progress? {
            await states.next(isolation: actor)
        }
    }

    public func makeAsyncIterator() -> Iterator { Iterator(self) }
}

/// What a scrub found.
public struct ScrubReport: Hashable, Sendable {
    public internal(set) var segments = 0
    public internal(set) var commits = 0
    public internal(set) var events = 0
    /// Snapshots that verify, superseded ones among them.
    public internal(set) var snapshots = 0
    /// Bytes read.
    public internal(set) var bytes = 0
    /// What is damaged in the log.
    public internal(set) var damage: [Damage] = []
    /// Snapshots that are damaged: each counts as absent, and costs a replay or, where its stream was truncated, the
    /// aggregate's state.
    public internal(set) var damagedSnapshots: [Damage] = []

    /// Whether nothing in the store is damaged.
    public var isSound: Bool { damage.isEmpty && damagedSnapshots.isEmpty }
}

extension StrataStore {
    /// Begins to read every byte of the store and to check it, in the background.
    ///
    /// Covers the segments that there are when it begins, and changes nothing. Takes one thread while it runs, and memory
    /// for one frame, for the places of all snapshots, and for what is found. For a store that is not open there is ``verify(at:bandwidth:progress:)``.
    ///
    /// - Parameter bandwidth: how many bytes a second it reads at most, over any longer time; nil for no limit.
    /// - Precondition: the bandwidth is positive.
    public func scrub(bandwidth: Int? = nil) -> Scrub {
        precondition(bandwidth.map { $0 > 0 } ?? true, "a bandwidth is positive")
        let (device, index, lifetime) = (device, index, lifetime)
        let pace = Pace(bytesPerSecond: bandwidth, mustStop: { lifetime.isOver })
        return Scrub(pace) { progress throws(StrataError) in
            var walk = StoreWalk(PacedDevice(device, pace), index, progress: progress)
            return try walk.run()
        }
    }
}
