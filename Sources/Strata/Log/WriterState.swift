import DequeModule
import EventSourcing
import Synchronization

/// What ``LogWriter`` decides by: what is on its way to the log, and who waits for what.
struct WriterState: Sendable {
    typealias Continuation = CheckedContinuation<Answer, Never>

    /// What an append or a release is told that waits.
    enum Answer: Sendable {
        /// What was let in is stored, or has failed.
        case settled(Result<Durability, EventStoreError>)
        case notAdmitted
        /// It is its turn to decide.
        case turn
    }

    enum Decision<Value, Obstacle> {
        /// - Parameter value: what the caller wants to know of it.
        case admit(Admitted, value: Value)
        /// There is nothing to store as things are.
        case refuse(Obstacle)
        /// Something must be looked into that may block, before anybody decides again.
        case holdUp(Obstacle)
    }

    /// What stands against an append.
    enum AppendObstacle {
        /// Frames that may hold one of the event ids decide.
        case look([LogIndex.Location])
        /// Pages of the index that were never looked at decide.
        case load
        /// Another append with one of the event ids is on its way to the device.
        case sameIDsUnderWay
        /// The stream does not allow it as it is, or as what is on its way to the device makes it.
        case refused(EventStoreError, by: StreamStatus)
    }

    /// What stands against a release.
    enum ReleaseObstacle {
        /// Pages of the index that were never looked at decide.
        case load
        /// There is nothing to store, or the stream does not allow it, as it is or as what is on its way makes it.
        case decided(Result<StreamStatus, EventStoreError>, by: StreamStatus)
    }

    /// An entry that was let in.
    struct Admitted: Sendable {
        let entry: LogEntry
        /// What it makes of its stream.
        let status: StreamStatus
    }

    struct Waiting: Sendable {
        let admitted: Admitted
        let continuation: Continuation?
    }

    private let index: LogIndex
    private let device: any Device
    /// No position below is given out: an empty segment may begin far behind the last event.
    private let firstFreePosition: Int

    private(set) var gathered: [Waiting] = []
    /// Whether entries are being stored, or will be without anybody asking for it.
    private(set) var isFlushing = false
    private(set) var batchesStored = 0
    /// How long it took, last time, until writers that had been answered had appended again, for each of them.
    var returningTime = Duration.zero
    /// What streams are behind what is on its way.
    private var statusesUnderWay: [StreamID: StreamStatus] = [:]
    private var eventIDsUnderWay = EventIDSet()
    private var nextPosition: Int
    private(set) var lastStoredAt: Timestamp
    var batchWaiters: [CheckedContinuation<Void, Never>] = []
    private var isDeciding = false
    private var turnWaiters: Deque<Continuation> = []
    /// How often appends that had been let in were failed.
    private(set) var failures = 0
    /// Why nothing is written any more.
    private(set) var failure: StrataError?
    /// Whether anybody who calls has been told of the failure.
    private(set) var isFailureTold = false
    /// What was being stored when writing failed for good, so that nobody knows whether it is.
    private var eventIDsInDoubt: Set<UInt128> = []
    private var releasesInDoubt: Set<StreamID> = []
    var isClosed = false
    /// How closing the log has ended.
    var closing: Result<Void, StrataError>?
    var marksWhenIdle = false
    var syncsByTimer = false

    init(index: LogIndex, firstFreePosition: Int, device: any Device) {
        self.index = index
        self.device = device
        self.firstFreePosition = firstFreePosition
        nextPosition = firstFreePosition
        lastStoredAt = index.state.withLock { $0.lastStoredAt }
    }

    /// - Parameters:
    ///   - ids: the events that are to be stored.
    ///   - streams: those that are to be released, or whose releases somebody relies on.
    /// - Throws: `outcomeUnknown` where these were being stored when writing failed; `closed` and `ioFailure` mean that they are not
    ///   stored.
    mutating func checkOpen(
        storing ids: [UInt128] = [], releasing streams: some Collection<StreamID> = []
    ) throws(EventStoreError) {
        if ids.contains(where: eventIDsInDoubt.contains) || streams.contains(where: releasesInDoubt.contains) {
            throw .outcomeUnknown(failure)
        }
        guard !isClosed else { throw EventStoreError(.closed, "the store is closed") }
        guard let failure else { return }
        isFailureTold = true
        throw EventStoreError(.ioFailure, "the store stopped writing after a failure; open it again", cause: failure)
    }

    /// Notes that writing has failed for good.
    ///
    /// - Parameter isTold: whether somebody who has called is told so.
    mutating func fail(_ error: StrataError, isTold: Bool) {
        failure = error
        if isTold { isFailureTold = true }
    }
}

extension WriterState {
    /// Ask behind the look-up by which something is decided.
    ///
    /// - Throws: ``EventStoreError/Code/damaged`` where a segment was found damaged: which versions and event ids are stored
    ///   cannot be told any more.
    func checkIndex() throws(EventStoreError) {
        guard !index.isIncomplete else {
            throw EventStoreError(
                .damaged, "a segment was found damaged, so nothing can be appended; run 'strata verify'")
        }
    }
}

/// Turns: whoever decides over several steps keeps others from deciding meanwhile.
extension WriterState {
    /// Takes the turn, or waits in line for it.
    ///
    /// - Returns: whether it was to be had.
    mutating func takeTurn(orWait continuation: Continuation) -> Bool {
        guard isDeciding else {
            isDeciding = true
            return true
        }
        turnWaiters.append(continuation)
        return false
    }

    /// Lets the one decide that has waited longest.
    ///
    /// - Returns: who is to be told so, without the lock: it may go on at once.
    mutating func passTurn() -> Continuation? {
        let next = turnWaiters.popFirst()
        isDeciding = next != nil
        return next
    }
}

/// Decisions. They take no suspension.
extension WriterState {
    /// - Parameters:
    ///   - sifted: the commit's event ids.
    ///   - cleared: frames that hold none of them.
    mutating func decide(
        _ commit: EncodedCommit, _ sifted: LogIndex.SiftedIDs, expecting expected: ExpectedVersion,
        cleared: Set<LogIndex.Location>
    ) throws(EventStoreError) -> Decision<PositionedCommit, AppendObstacle> {
        try checkOpen(storing: commit.eventIDs)
        guard areFree(commit.eventIDs) else { return .refuse(.sameIDsUnderWay) }
        let lookup: LogIndex.AppendLookup
        do throws(IndexFault) {
            lookup = try index.lookUp(commit.stream, eventIDs: commit.eventIDs, sifted: sifted, .verifiedOnly)
        } catch { return .holdUp(.load) }
        try checkIndex()
        let candidates = lookup.candidates.filter { !cleared.contains($0) }
        guard candidates.isEmpty else { return .holdUp(.look(candidates)) }
        let status = statusesUnderWay[commit.stream] ?? lookup.status
        guard !status.isTombstoned else { return .refuse(.refused(.deleted(commit.stream), by: status)) }
        guard expected.allows(status) else {
            return .refuse(
                .refused(.conflict(in: commit.stream, expected: expected, actual: status.version), by: status))
        }
        let (admitted, positioned) = try admit(commit, behind: status)
        return .admit(admitted, value: positioned)
    }

    mutating func decide(
        _ release: StreamRelease, of stream: StreamID, expecting expected: ExpectedVersion
    ) throws(EventStoreError) -> Decision<StreamStatus, ReleaseObstacle> {
        try checkOpen(releasing: [stream])
        guard let status = knownStatus(of: stream) else { return .holdUp(.load) }
        try checkIndex()
        let decision: Result<StreamStatus, EventStoreError>
        do throws(EventStoreError) {
            decision = .success(try release.status(behind: status, of: stream, expecting: expected))
        } catch {
            decision = .failure(error)
        }
        guard case .success(let behind) = decision, behind != status else {
            return .refuse(.decided(decision, by: status))
        }
        return .admit(admit(behind, of: stream), value: behind)
    }

    /// What a stream is behind what is on its way; nil where that cannot be told without blocking.
    func knownStatus(of stream: StreamID) -> StreamStatus? {
        statusesUnderWay[stream] ?? index.knownStatus(of: stream)
    }

    /// Whether no event with one of some ids is on its way.
    func areFree(_ ids: [UInt128]) -> Bool {
        eventIDsUnderWay.isEmpty || !ids.contains(where: eventIDsUnderWay.contains)
    }

    /// Whether readers see a stream as it was decided about.
    func shows(_ stream: StreamID, as status: StreamStatus) -> Bool {
        index.statusIfTouched(stream)?.hasReached(status) ?? (status == StreamStatus(version: 0))
    }

    /// - Parameter storedAt: when it is stored; nil for now.
    /// - Throws: `storageFull` where no positions are left. The next segment's number, too, must be one.
    mutating func admit(
        _ commit: EncodedCommit, behind status: StreamStatus, storedAt: Timestamp? = nil
    ) throws(EventStoreError) -> (Admitted, PositionedCommit) {
        guard nextPosition + commit.eventCount < Format.numberLimit else {
            throw EventStoreError(.storageFull, "the store has given out all positions that there are")
        }
        guard status.version + commit.eventCount < Format.numberLimit else {
            throw EventStoreError(.storageFull, "the stream has all versions that there are", stream: commit.stream)
        }
        lastStoredAt = max(lastStoredAt, storedAt ?? device.now())
        let positioned = PositionedCommit(
            commit: commit, firstVersion: status.version + 1, firstPosition: nextPosition, storedAt: lastStoredAt)
        nextPosition += commit.eventCount
        let behind = StreamStatus(
            version: status.version + commit.eventCount, firstVersion: status.firstVersion,
            isTruncated: status.isTruncated)
        statusesUnderWay[commit.stream] = behind
        for id in commit.eventIDs { eventIDsUnderWay.insert(id) }
        return (Admitted(entry: .commit(positioned), status: behind), positioned)
    }

    /// - Parameter storedAt: when it is stored; nil for now.
    mutating func admit(_ status: StreamStatus, of stream: StreamID, storedAt: Timestamp? = nil) -> Admitted {
        lastStoredAt = max(lastStoredAt, storedAt ?? device.now())
        statusesUnderWay[stream] = status
        let stamped = StampedRelease(release: EncodedRelease(Release(status), of: stream), storedAt: lastStoredAt)
        return Admitted(entry: .release(stamped), status: status)
    }
}

/// Batches.
extension WriterState {
    /// Adds an entry to the next batch, in the order in which entries are let in.
    ///
    /// - Parameter continuation: who waits for it; nil where a later entry of the same batch answers for it.
    mutating func gather(_ admitted: Admitted, answering continuation: Continuation?) {
        gathered.append(Waiting(admitted: admitted, continuation: continuation))
    }

    /// Whether somebody must see to it that what is gathered is stored; whoever asks does.
    mutating func mustFlush() -> Bool {
        defer { isFlushing = true }
        return !isFlushing
    }

    /// Takes everything that was gathered; nil where that is nothing, and then nobody is storing any more.
    mutating func takeBatch() -> [Waiting]? {
        isFlushing = !gathered.isEmpty
        guard isFlushing else { return nil }
        defer { gathered = [] }
        return gathered
    }

    /// Notes what became of a batch.
    ///
    /// - Returns: everything that has failed, the rest of the batch and what was decided on top of it, and why.
    mutating func settle(
        _ batch: [Waiting], _ outcome: SegmentLog.Outcome
    ) -> (failed: [Waiting], error: EventStoreError)? {
        batchesStored += 1
        for waiting in batch[..<outcome.stored] { forget(waiting.admitted) }
        guard let failure = outcome.failure else { return nil }
        failures += 1
        let failed = batch[outcome.stored...] + gathered
        gathered = []
        forgetAllUnderWay()
        if case .final(let cause) = failure {
            fail(cause, isTold: true)
            for waiting in failed { doubt(waiting.admitted.entry) }
        }
        return (Array(failed), EventStoreError(failure))
    }

    private mutating func doubt(_ entry: LogEntry) {
        switch entry {
        case .commit(let positioned): eventIDsInDoubt.formUnion(positioned.commit.eventIDs)
        case .release: releasesInDoubt.insert(entry.stream)
        }
    }

    private mutating func forget(_ admitted: Admitted) {
        // Each entry changes its stream, so that an equal status is that of the last one on its way.
        if statusesUnderWay[admitted.entry.stream] == admitted.status {
            statusesUnderWay[admitted.entry.stream] = nil
        }
        guard case .commit(let positioned) = admitted.entry else { return }
        for id in positioned.commit.eventIDs { eventIDsUnderWay.remove(id) }
    }

    /// Goes back to what is stored. Nothing that was let in is on its way any more.
    mutating func forgetAllUnderWay() {
        statusesUnderWay = [:]
        eventIDsUnderWay.removeAll()
        nextPosition = max(index.lastPosition + 1, firstFreePosition)
    }

    /// Whether the next batch waits for the writers of the last one, so that it holds those of both.
    mutating func waitsForWriters(of last: [Waiting], atMost patience: Duration) -> Bool {
        guard patience > returningTime * (last.count + gathered.count) else {
            // Less each time, so that it is tried again.
            returningTime = returningTime * 31 / 32
            return false
        }
        return true
    }

    /// Those who wait for a batch to be settled; they are to be woken.
    mutating func takeBatchWaiters() -> [CheckedContinuation<Void, Never>] {
        defer { batchWaiters = [] }
        return batchWaiters
    }
}

extension EventStoreError {
    /// What the appends of a batch are told that was not stored.
    fileprivate init(_ failure: LogFailure) {
        switch failure {
        case .undone(let cause):
            let isFull = cause.code == .storageFull
            self.init(
                isFull ? .storageFull : .ioFailure,
                isFull ? "there is no room; nothing was stored" : "nothing was stored", cause: cause)
        case .final(let cause): self = .outcomeUnknown(cause)
        }
    }

    fileprivate static func outcomeUnknown(_ cause: StrataError?) -> EventStoreError {
        EventStoreError(
            .outcomeUnknown, "writing failed; open the store again to see what became of it", cause: cause)
    }
}

extension StreamStatus {
    /// Whether a stream has come as far as it once was to be, or further.
    fileprivate func hasReached(_ earlier: StreamStatus) -> Bool {
        version >= earlier.version && firstVersion >= earlier.firstVersion && (isTombstoned || !earlier.isTombstoned)
    }
}
