import EventSourcing
import FoundationEssentials

/// Reads events through the index and straight from the segments, never through the writer.
///
/// Every frame's checksums are verified at each read. Calls may block.
struct LogReader: Sendable {
    /// Events in a batch, roughly: a batch ends with a whole commit.
    static let batchEvents = 512
    /// Bytes in a batch, roughly.
    static let batchBytes = 1 << 20
    /// More of them would drive each other out of the processor's first cache.
    private static let prefetchedCommits = 16
    /// How often a compaction may take a segment away under one read.
    private static let attempts = 10

    let index: LogIndex
    private let storeID: UInt128
    private let device: any Device
    private let repair: SidecarRepair
    /// nil of a store that is open for writing: its index is always up to date.
    private let refresh: ReaderRefresh?
    /// A segment that is sealed while it is open is opened once more: only then the whole of it is mapped for certain.
    private struct OpenSegment: Hashable {
        let identity: SegmentIdentity
        let isSealed: Bool
    }

    private let files = SegmentFiles<OpenSegment>()

    init(index: LogIndex, sidecars: SidecarFiles, refresh: ReaderRefresh? = nil) {
        self.refresh = refresh
        self.index = index
        storeID = sidecars.storeID
        device = sidecars.device
        repair = SidecarRepair(index, sidecars)
    }

    /// - Throws: ``StrataError/Code/notFound`` where a compaction has taken the segment away; the index does not name it
    ///   any longer then.
    func content(of segment: SegmentView) throws(StrataError) -> SegmentContent {
        let key = OpenSegment(identity: segment.identity, isSealed: segment.isSealed)
        do throws(StrataError) {
            return try files.content(key) { () throws(StrataError) in
                try SegmentContent(key.identity, isSealed: key.isSealed, storeID: storeID, on: device)
            }
        } catch {
            if error.code == .notFound, let refresh {
                try refresh.run(missing: segment.identity)
                closeReplaced()
            }
            throw error
        }
    }

    /// Lets go of a segment that a compaction has replaced: as long as somebody has its file open, the disk keeps it.
    func close(_ segment: SegmentIdentity) {
        files.close { $0.identity == segment }
    }

    /// Takes in what another process has done, in a store that is open for reading only. May block for long.
    func refreshIndex() throws(StrataError) {
        guard let refresh else { return }
        try refresh.run()
        closeReplaced()
    }

    private func closeReplaced() {
        files.close { index.segment($0.identity) == nil }
    }

    /// An answer that needed no waiting.
    struct Known<Value> {
        let value: Value
    }

    /// The event of an id, or that there is none, where that can be told without waiting: its frame is in memory, and
    /// nothing has to be opened or verified first. nil where it cannot.
    func knownEvent(withID id: UUID) -> Known<RecordedEvent?>? {
        search(id) { frame, header in
            decodedCommit(frame, header).map { events in Known(value: events.first { $0.id == id }) }
        }
    }

    /// Whether an event is stored, where ``knownEvent(withID:)`` would tell.
    func knowsEvent(withID id: UUID) -> Bool? {
        // Whether it is released takes its stream's name.
        if index.hasReleases { return knownEvent(withID: id).map { $0.value != nil } }
        let known = search(id) { frame, header -> Known<Void?>? in
            let body = frame.span.bytes.extracting(Format.frameHeaderBytes...)
            guard let name = CommitBody.nameRange(in: body) else { return nil }
            var ids = CommitBody.EventIDs(behind: name.upperBound)
            while let next = ids.next(in: body) {
                if next == id.bits { return Known(value: ()) }
            }
            return Known(value: nil)
        }
        return known.map { $0.value != nil }
    }

    /// What is found first in the frames that may hold an event.
    ///
    /// - Parameter look: looks into a commit's frame; nil where it is not laid out as it should be.
    @inline(__always)
    private func search<Value>(
        _ id: UUID, _ look: (_ frame: [UInt8], FrameHeader) -> Known<Value?>?
    ) -> Known<Value?>? {
        let candidates: [LogIndex.Location]
        do throws(IndexFault) { candidates = try index.candidates(forEventIDs: [id.bits], .verifiedOnly) } catch {
            return nil
        }
        var buffer: [UInt8] = []
        for location in candidates {
            guard
                let segment = index.segment(location.segment),
                let content = files.openContent(
                    OpenSegment(identity: segment.identity, isSealed: segment.isSealed)),
                let header = content.cachedFrame(at: location.offset, before: segment.end, into: &buffer),
                header.kind == .commit, let found = look(buffer, header)
            else { return nil }
            if found.value != nil { return found }
            buffer.removeAll(keepingCapacity: true)
        }
        return Known(value: nil)
    }

    /// Asks the index, and makes the index of a segment anew where it cannot be trusted.
    func ask<Answer>(_ body: (LogIndex) throws(IndexFault) -> Answer) throws(StrataError) -> Answer {
        while true {
            do throws(IndexFault) {
                return try body(index)
            } catch {
                // Whoever may block is never told that a page was not verified yet.
                if case .damaged(let segment) = error { try repair.run(segment) }
            }
        }
    }

    /// Does a read again that a compaction has taken a segment away from.
    func retrying<Answer>(_ body: () throws(StrataError) -> Answer) throws(StrataError) -> Answer {
        for _ in 1..<Self.attempts {
            do throws(StrataError) {
                return try body()
            } catch {
                guard error.code == .notFound else { throw error }
            }
        }
        return try body()
    }

    /// The events of some versions of a stream, ascending: a batch from the front of what is live of the range.
    ///
    /// Empty only where the stream's first live version has moved beyond the front of the range meanwhile; events behind the
    /// batch may be live all the same.
    ///
    /// - Throws: ``StrataError/Code/damaged`` where an event in the range cannot be read.
    func events(of stream: StreamID, versions: ClosedRange<Int>, decoder: inout EventDecoder) throws(StrataError)
        -> [RecordedEvent]
    {
        let (buffer, frames) = try retrying { () throws(StrataError) in
            try self.frames(of: stream, versions: versions)
        }
        decoder.use(Bytes(buffer))
        var events: [RecordedEvent] = []
        events.reserveCapacity(min(versions.count, Self.batchEvents))
        let first = max(versions.lowerBound, index.firstLiveVersion(of: stream))
        guard first <= versions.upperBound else { return [] }
        var next = first
        for (start, header) in frames where next <= versions.upperBound {
            // Of segments that overlap, which only a forger makes, each version counts once.
            guard decoder.decode(at: start, header: header, versions: next...versions.upperBound, into: &events) else {
                throw StrataError(.damaged, "a commit of stream \(stream) is not laid out as it should be")
            }
            if let last = events.last { next = last.version + 1 }
        }
        if first == versions.lowerBound, events.first?.version != first { throw Self.missing(stream, version: first) }
        return events
    }

    /// The frames from the front of a range of versions, one behind the other.
    private func frames(
        of stream: StreamID, versions: ClosedRange<Int>
    ) throws(StrataError) -> (buffer: [UInt8], frames: [(start: Int, header: FrameHeader)]) {
        var buffer: [UInt8] = []
        var frames: [(start: Int, header: FrameHeader)] = []
        var guess = SegmentContent.frameGuess
        let places = try ask { index throws(IndexFault) in
            try index.commits(of: stream, versions: versions, .verifying)
        }
        // What was released since the caller asked may be gone already; it was released before it went.
        var next = max(versions.lowerBound, index.firstLiveVersion(of: stream))
        buffer.reserveCapacity(min(Self.batchBytes, places.commits.count << 10))
        frames.reserveCapacity(places.commits.count)
        var following: SegmentContent?
        segments: for (index, (segment, commits)) in places.segments.enumerated() {
            let content: SegmentContent
            if let following { content = following } else { content = try self.content(of: segment) }
            // What is waited for least is what was asked for before.
            following = index + 1 < places.segments.count ? prefetched(places, index + 1) : nil
            for commit in places.commits[commits] {
                if !frames.isEmpty, buffer.count >= Self.batchBytes { break segments }
                // A version that stands there twice comes only from a log that was put together by hand.
                guard commit.lastVersion >= next else { continue }
                guard !commit.isMissing, commit.firstVersion <= next else {
                    if !frames.isEmpty { break segments }
                    throw Self.missing(stream, version: next)
                }
                let header = try readFrame(
                    at: commit.offset, of: content, before: segment.end, guess: guess, into: &buffer)
                // The commits of a stream resemble each other.
                guess = max(512, header.frameLength + header.frameLength / 8)
                frames.append((buffer.count - header.frameLength, header))
                next = commit.lastVersion + 1
            }
        }
        if frames.isEmpty, versions.upperBound >= next { throw Self.missing(stream, version: next) }
        return (buffer, frames)
    }

    /// The content of a segment, commits of which are on their way to the processor; nil where it cannot be had, which is
    /// told of once the segment's turn has come.
    private func prefetched(_ places: LogIndex.StreamPlaces, _ index: Int) -> SegmentContent? {
        let (segment, commits) = places.segments[index]
        do throws(StrataError) {
            let content = try self.content(of: segment)
            for commit in places.commits[commits].prefix(Self.prefetchedCommits) { content.prefetch(commit.offset) }
            return content
        } catch {
            return nil
        }
    }

    /// The commit at a location, with those of its events that are not released.
    ///
    /// - Throws: ``StrataError/Code/notFound`` where a compaction has taken the segment away: the index tells of another
    ///   location then.
    func commit(at location: LogIndex.Location) throws(StrataError) -> [RecordedEvent] {
        guard let segment = index.segment(location.segment) else {
            throw StrataError(.notFound, "the segment was compacted", path: device.path(of: location.segment.name))
        }
        var buffer: [UInt8] = []
        let header = try readFrame(
            at: location.offset, of: content(of: segment), before: segment.end, into: &buffer)
        guard let events = decodedCommit(buffer, header) else {
            throw StrataError(.damaged, "a commit is not laid out as it should be")
        }
        return events
    }

    /// The events of a commit that are not released; nil where it is not laid out as it should be.
    private func decodedCommit(_ frame: [UInt8], _ header: FrameHeader) -> [RecordedEvent]? {
        var events: [RecordedEvent] = []
        var decoder = EventDecoder()
        decoder.use(Bytes(frame))
        return decoder.decode(at: 0, header: header, releases: index, into: &events) ? events : nil
    }

    /// The commit that holds one of some events, and that event's place in it; nil where no commit does.
    ///
    /// - Parameter candidates: the frames that may hold one, where the index was asked before; it is asked again where a
    ///   compaction has taken one of them away since.
    func commit(
        containingAnyOf ids: [UInt128], among candidates: [LogIndex.Location]? = nil
    ) throws(StrataError) -> (events: [RecordedEvent], index: Int)? {
        // A set of one would cost more than the comparisons that it spares.
        let wanted = ids.count == 1 ? nil : Set(ids)
        var known = candidates
        return try retrying { () throws(StrataError) in
            let locations: [LogIndex.Location]
            if let known {
                locations = known
            } else {
                locations = try ask { index throws(IndexFault) in
                    try index.candidates(forEventIDs: ids, .verifying)
                }
            }
            known = nil
            for location in locations {
                let events = try commit(at: location)
                if let index = events.firstIndex(where: { wanted?.contains($0.id.bits) ?? ($0.id.bits == ids[0]) }) {
                    return (events, index)
                }
            }
            return nil
        }
    }

    /// Appends the frame at an offset to a buffer and verifies it.
    private func readFrame(
        at offset: Int, of content: SegmentContent, before end: Int, guess: Int = SegmentContent.frameGuess,
        into buffer: inout [UInt8]
    ) throws(StrataError) -> FrameHeader {
        guard
            let header = try content.readFrame(at: offset, before: end, guess: guess, into: &buffer),
            header.kind == .commit
        else { throw Self.damagedFrame(content, offset) }
        return header
    }

    static func damagedFrame(_ content: SegmentContent, _ offset: Int) -> StrataError {
        let damage = Damage(file: content.name, offset: offset, reason: "the frame does not verify")
        return StrataError(
            .damaged, "a stored commit does not verify; run 'strata verify' to see what is affected",
            path: content.path, offset: offset, damage: [damage])
    }

    /// - Throws: ``StrataError/Code/damaged`` where a segment is not whole: a walk that passes over it without a word
    ///   would hide that events are lost.
    func checkWhole(_ segment: SegmentView?) throws(StrataError) {
        guard let segment, segment.isDamaged else { return }
        let damage = Damage(file: segment.identity.name, offset: 0, reason: "the segment is not whole")
        throw StrataError(
            .damaged, "events of \(damage.file) may be lost; run 'strata verify' to see what is affected",
            damage: [damage])
    }

    private static func missing(_ stream: StreamID, version: Int) -> StrataError {
        StrataError(.damaged, "version \(version) of stream \(stream) cannot be read; run 'strata verify'")
    }
}
