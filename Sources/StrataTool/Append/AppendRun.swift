import EventInterchange
import EventSourcing

/// Appends the commits of an input to a store, many at a time, and reports each in the order of the input.
///
/// Commits are started one after another from one task, each running up to where it waits for the store: a store
/// that decides in the order of calls so gives them positions in the order of the input, and they can share syncs.
struct AppendRun {
    /// What became of a line, for whoever reports it.
    enum Report: Sendable {
        case stored(StreamID, version: Int, position: Position, isExisting: Bool)
        case failed(code: String, message: String)
    }

    let store: any EventStore
    var skipsExisting = false
    /// Whether lines that are no commits are passed over; otherwise the first one ends the run.
    var keepsGoing = false
    var lineLengthLimit = LineSplitter.defaultLengthLimit

    /// Runs to the end of the input.
    ///
    /// - Parameters:
    ///   - nextChunk: gives the input's next bytes, nil at its end.
    ///   - report: called for each line in order, once its commit is as durable as the store makes it.
    ///   - pause: called where no further outcome is there yet, and at the end.
    func run(
        input nextChunk: @escaping @Sendable () async throws(ToolError) -> [UInt8]?,
        report: (_ line: Int, Report) throws -> Void, pause: (AppendSummary) throws -> Void
    ) async throws -> AppendSummary {
        let outcomes = OrderedOutcomes()
        var summary = AppendSummary()
        var assigned = AssignedPositions(through: try await store.currentPosition())
        // Unstructured, because nobody waits for it once no more lines are wanted: it may wait for input that
        // never comes.
        let production = Task { try await produce(from: nextChunk, into: outcomes) }
        do {
            while let batch = await outcomes.next() {
                for outcome in batch {
                    let settled = try await settle(outcome, noting: &assigned, in: &summary)
                    if case .failed(let code, let message) = settled, summary.firstError == nil {
                        summary.firstError = "line \(outcome.line): \(message) (\(code))"
                    }
                    try report(outcome.line, settled)
                }
                if summary.failure != nil { outcomes.cancel() }
                try pause(summary)
            }
        } catch {
            outcomes.cancel()
            while await outcomes.next() != nil {}
            throw error
        }
        if !outcomes.isCancelled { try await production.value }
        return summary
    }

    private func produce(
        from nextChunk: @Sendable () async throws(ToolError) -> [UInt8]?, into outcomes: OrderedOutcomes
    ) async throws(ToolError) {
        defer { outcomes.finish() }
        var splitter = LineSplitter(lengthLimit: lineLengthLimit)
        while !outcomes.isCancelled, let chunk = try await nextChunk() {
            splitter.append(chunk)
            while let line = splitter.next() {
                guard await start(line, in: outcomes) else { return }
            }
        }
        if !outcomes.isCancelled, let line = splitter.finish() { _ = await start(line, in: outcomes) }
    }

    /// Starts a line's commit.
    ///
    /// - Returns: whether the next line's turn comes.
    private func start(_ line: InputLine, in outcomes: OrderedOutcomes) async -> Bool {
        let number = line.number
        guard let ticket = await outcomes.reserve(bytes: line.content?.count ?? 0) else { return false }
        let commit: Commit
        do throws(InterchangeError) {
            guard let content = line.content else {
                throw InterchangeError(.lineTooLong, "the line is longer than \(lineLengthLimit) bytes")
            }
            commit = try Commit(line: content)
        } catch {
            outcomes.complete(ticket, AppendOutcome(line: number, result: .invalid(error)))
            return keepsGoing
        }
        Task.immediate { [store] in
            let result: AppendOutcome.Result
            do throws(EventStoreError) {
                result = .appended(
                    commit, try await store.append(commit.events, to: commit.stream, expecting: commit.expectedVersion))
            } catch {
                result = .refused(commit, error)
            }
            outcomes.complete(ticket, AppendOutcome(line: number, result: result))
        }
        return true
    }

    private func settle(
        _ outcome: AppendOutcome, noting assigned: inout AssignedPositions, in summary: inout AppendSummary
    ) async throws -> Report {
        switch outcome.result {
        case .invalid(let error):
            summary.invalid += 1
            let place = error.offset.map { " (byte \($0))" } ?? ""
            return .failed(code: error.code.description, message: error.message + place)
        case .appended(let commit, let result):
            if assigned.insert(from: result.firstPosition, through: result.lastPosition) {
                summary.appended += 1
                return .stored(
                    commit.stream, version: result.version, position: result.lastPosition, isExisting: false)
            }
            let error = EventStoreError.duplicate(eventID: commit.events[0].id, in: commit.stream)
            return try await settleDuplicate(commit, error, of: result, in: &summary)
        case .refused(let commit, let error) where error.code == .duplicateEventID:
            return try await settleDuplicate(commit, error, in: &summary)
        case .refused(_, let error):
            summary.refused += 1
            if error.endsRun { summary.failure = error.code }
            return .failed(code: error.code.description, message: error.message)
        }
    }

    /// - Parameter earlier: the result of the one append that stored exactly these ids, where the store says so.
    private func settleDuplicate(
        _ commit: Commit, _ error: EventStoreError, of earlier: AppendResult? = nil, in summary: inout AppendSummary
    ) async throws -> Report {
        guard skipsExisting else {
            summary.refused += 1
            return .failed(code: error.code.description, message: error.message)
        }
        switch try await ExistingCommit(of: commit, in: store) {
        case .complete(let version, let position):
            summary.existing += 1
            return .stored(commit.stream, version: version, position: position, isExisting: true)
        case .partial(let stored):
            // Appended in this run, and not yet durable enough to be read.
            if let earlier {
                summary.existing += 1
                return .stored(
                    commit.stream, version: earlier.version, position: earlier.lastPosition, isExisting: true)
            }
            summary.refused += 1
            return .failed(
                code: "partly_stored", message: "\(stored) of the commit's \(commit.events.count) events are stored")
        case .different(let eventID):
            summary.refused += 1
            return .failed(
                code: error.code.description,
                message: "event id \(eventID) is stored in another place or with other contents")
        }
    }
}

extension EventStoreError {
    /// Whether the store itself has failed, so that trying the next commit makes no sense.
    fileprivate var endsRun: Bool {
        switch code {
        case .versionConflict, .duplicateEventID, .streamDeleted, .emptyAppend, .invalidArgument: false
        default: true
        }
    }
}
