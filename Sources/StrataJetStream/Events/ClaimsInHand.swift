#if JetStream
import EventSourcing

/// The claims of one append to its events' ids.
struct ClaimsInHand {
    /// What came of claiming.
    enum Outcome {
        /// All ids are claimed for the stream where it stands.
        case held
        /// An id is stored, in this commit.
        case taken(UInt128, StoredCommit)
        /// The stream stands elsewhere than was thought.
        case outdated
    }

    /// So many claims are under way at once.
    private static let claimsAtOnce = 1_024
    /// How long an open claim of another stream may stay open before that stream is fenced: whoever made it and is
    /// alive commits within a round trip.
    private static let patience = Duration.milliseconds(250)

    private let log: EventLog
    private let ids: [UInt128]
    private let stream: StreamID
    /// The messages that hold our claims, by place; nil where there is none.
    private var sequences: [UInt64?]
    /// Which of them nobody else can rely on.
    private var isOurs: [Bool]

    init(to ids: [UInt128], for stream: StreamID, in log: EventLog) {
        self.ids = ids
        self.stream = stream
        self.log = log
        sequences = Array(repeating: nil, count: ids.count)
        isOurs = Array(repeating: false, count: ids.count)
    }

    /// Claims all ids for the stream where it stands. Claims made before, for where it stood, must be void.
    mutating func claim(
        after head: StreamHead, until deadline: ContinuousClock.Instant
    ) async throws(JetStreamError) -> Outcome {
        let claim = EventIDClaim(by: stream, after: head)
        for start in stride(from: 0, to: ids.count, by: Self.claimsAtOnce) {
            let range = start..<min(start + Self.claimsAtOnce, ids.count)
            let outcomes = await log.session.publish(
                range.map { publication(of: claim, $0, replacing: sequences[$0] ?? 0) }, until: deadline)
            var contested: [Int] = []
            for (index, outcome) in zip(range, outcomes) {
                switch outcome {
                case .stored(let sequence): hold(index, sequence, isOurs: true)
                case .overtaken: contested.append(index)
                case .failed(let error), .unknown(let error): throw error
                }
            }
            for index in contested {
                let outcome = try await contest(index, for: claim, after: head, until: deadline)
                guard case .held = outcome else { return outcome }
            }
        }
        return .held
    }

    /// Gives the ids up, where nobody else can rely on our claims: a claim left behind makes the next append of the id to
    /// another stream wait.
    func release() {
        for (sequence, isOurs) in zip(sequences, isOurs) {
            guard let sequence, isOurs else { continue }
            log.session.connection.post(
                NATSRequest(
                    subject: "$JS.API.STREAM.MSG.DELETE.\(log.layout.ids.name)",
                    payload: Bytes(#"{"seq":\#(sequence),"no_erase":true}"#)))
        }
    }

    private mutating func hold(_ index: Int, _ sequence: UInt64, isOurs: Bool) {
        sequences[index] = sequence
        self.isOurs[index] = isOurs
    }

    private func publication(of claim: EventIDClaim, _ index: Int, replacing sequence: UInt64) -> Publication {
        Publication(subject: log.layout.claim(of: ids[index]), expectedSequence: sequence, payload: claim.encoded)
    }

    /// Claims an id that has a claim already.
    private mutating func contest(
        _ index: Int, for claim: EventIDClaim, after head: StreamHead, until deadline: ContinuousClock.Instant
    ) async throws(JetStreamError) -> Outcome {
        let start = ContinuousClock.now
        var backoff = Backoff()
        while ContinuousClock.now < deadline {
            guard let (rival, sequence) = try await log.claims(to: [ids[index]], until: deadline)[0] else {
                if try await replace(0, with: claim, index, isOurs: true, until: deadline) { return .held }
                continue
            }
            // An earlier try of ours, or the same append made elsewhere: the claim serves both.
            if rival.stream == stream, rival.base == claim.base {
                if try await replace(sequence, with: claim, index, isOurs: false, until: deadline) { return .held }
                continue
            }
            if let commit = try await log.commit(behind: rival, until: deadline) {
                if commit.contains(ids[index]) { return .taken(ids[index], commit) }
                if try await replace(sequence, with: claim, index, isOurs: true, until: deadline) { return .held }
                continue
            }
            if rival.stream == stream { return .outdated }
            if ContinuousClock.now - start > Self.patience {
                try await log.fence(rival, until: deadline)
            } else {
                await backoff.wait()
            }
        }
        throw JetStreamError(.timedOut, "an event id is claimed by another stream's append; try again")
    }

    /// Puts our claim in another one's place.
    ///
    /// - Returns: whether nobody else was faster.
    private mutating func replace(
        _ sequence: UInt64, with claim: EventIDClaim, _ index: Int, isOurs: Bool,
        until deadline: ContinuousClock.Instant
    ) async throws(JetStreamError) -> Bool {
        let publication = publication(of: claim, index, replacing: sequence)
        switch await log.session.publish([publication], until: deadline)[0] {
        case .stored(let sequence):
            hold(index, sequence, isOurs: isOurs)
            return true
        case .overtaken: return false
        case .failed(let error), .unknown(let error): throw error
        }
    }
}

extension EventLog {
    /// Makes a claim void: a commit without events takes the place that the claim's append expects to be free.
    func fence(_ claim: EventIDClaim, until deadline: ContinuousClock.Instant) async throws(JetStreamError) {
        let head = try await head(of: claim.stream, until: deadline)
        guard head.sequence == claim.base else { return }
        let header = CommitHeader(fenceAfter: head)
        // Whoever came first, the claim is decided then.
        do throws(CommitFailure) {
            _ = try await commit(header, .inline(Bytes()), to: claim.stream, after: head, until: deadline)
        } catch {
            switch error {
            case .notStored(let error), .unknown(let error): throw error
            }
        }
        heads.forget(claim.stream)
    }
}
#endif
