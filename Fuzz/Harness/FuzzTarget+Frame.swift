import EventSourcing
import FoundationEssentials
import Strata
import StrataTesting

extension FuzzTarget {
    /// One frame: a byte of ``FrameMode``, the offset it stands at in units of 8, then header and body.
    ///
    /// Whatever is decoded gives back the same bytes when it is encoded again: no byte goes unread.
    package static let frame = FuzzTarget("frame", .synchronous { try checkFrame($0) }, expansionLimit: 255)

    private struct FrameMode: OptionSet {
        let rawValue: UInt8
        static let repairsChecksums = FrameMode(rawValue: 1)
        /// The header says how long the body is.
        static let repairsLength = FrameMode(rawValue: 2)
        static let isOfSnapshots = FrameMode(rawValue: 4)
    }

    private static func checkFrame(_ bytes: [UInt8]) throws(Violation) {
        var input = FuzzInput(bytes)
        let mode = FrameMode(rawValue: input.byte())
        let offset = input.number() * 8
        var frame = input.remainder()
        guard frame.count >= Format.frameHeaderBytes else {
            return try require(header(of: frame, at: offset, .events) == nil, "a header was read from too few bytes")
        }
        let kind: SegmentKind = mode.contains(.isOfSnapshots) ? .snapshots : .events
        if mode.contains(.repairsLength) {
            frame.removeLast(frame.count % 8)
            frame.replaceSubrange(0..<4, with: Array("SFRM".utf8))
            frame.put(UInt32(frame.count - Format.frameHeaderBytes), at: 8)
        }
        if mode.contains(.repairsChecksums) { ChecksumRepair.repairFrame(&frame, at: offset, binding(kind)) }
        guard let header = header(of: frame, at: offset, kind) else { return }
        var encoded: [UInt8] = []
        header.encode(into: &encoded, at: offset, binding: binding(kind))
        try require(encoded == Array(frame[..<Format.frameHeaderBytes]), "the header encodes to other bytes")
        try checkRanges(of: header)
        guard frame.count >= header.frameLength else { return }
        let body = Array(frame[Format.frameHeaderBytes..<header.frameLength])
        guard header.verifies(body: body.span.bytes) else { return }
        try checkBody(body, header)
    }

    private static func binding(_ kind: SegmentKind) -> ChecksumBinding {
        ChecksumBinding(storeID: 0x1234, kind: kind, number: 1)
    }

    private static func header(of frame: [UInt8], at offset: Int, _ kind: SegmentKind) -> FrameHeader? {
        FrameHeader(decoding: frame.span.bytes, at: offset, binding: binding(kind))
    }

    private static func checkRanges(of header: FrameHeader) throws(Violation) {
        try require(header.frameLength <= 96 << 20 + Format.frameHeaderBytes, "a frame is longer than any can be")
        let positions = header.positions.map { $0.upperBound.rawValue - $0.lowerBound.rawValue + 1 }
        try require(positions ?? 0 == header.eventCount, "there are not as many positions as events")
        try require(header.versions?.count ?? 0 == header.eventCount, "there are not as many versions as events")
    }

    private static func checkBody(_ body: [UInt8], _ header: FrameHeader) throws(Violation) {
        let span = body.span.bytes
        switch header.kind {
        case .commit:
            guard let commit = CommitBody(decoding: span, header: header) else { return }
            try checkCommit(commit, body, header)
        case .open:
            try require(OpenBody(decoding: span)?.encoded() ?? body == body, "an open frame encodes to other bytes")
        case .footer:
            try require(FooterBody(decoding: span)?.encoded() ?? body == body, "a footer encodes to other bytes")
        case .mark:
            try require(body.isEmpty, "a mark has a body")
        case .snapshot:
            guard let snapshot = SnapshotBody(decoding: span, header: header) else { return }
            try checkSnapshot(snapshot, body, header)
        case .snapshotDeletion:
            guard let type = AggregateTypeBody.aggregateType(in: span, header: header) else { return }
            try require(AggregateTypeBody.encode(aggregateType: type) == body, "a deletion encodes to other bytes")
        case .truncation, .tombstone:
            guard let encoded = EncodedRelease(decoding: span, header: header) else { return }
            try require(encoded.body == body, "a release encodes to other bytes")
            try require(encoded.aggregateTypeTag == header.aggregateTypeTag, "a release has another tag")
        }
    }

    private static func checkCommit(_ commit: CommitBody, _ body: [UInt8], _ header: FrameHeader) throws(Violation) {
        try require(commit.events.count == header.eventCount, "a commit has not as many events as its header says")
        let type = String(decoding: body[commit.aggregateTypeRange], as: UTF8.self)
        try require(EventLimits.isValidAggregateType(type), "an aggregate type breaks the rules")
        var events: [NewEvent] = []
        for layout in commit.events {
            guard let event = NewEvent(layout, in: body) else { throw Violation("an event has no valid time") }
            try require(EventLimits.isValidEventType(event.type), "an event type breaks the rules")
            events.append(event)
        }
        let encoded = EncodedCommit(events, of: StreamID(type, UUID(bits: header.aggregateID)))
        try require(encoded.body == body, "a commit encodes to other bytes")
        try require(encoded.aggregateTypeTag == header.aggregateTypeTag, "a commit has another tag")
    }

    private static func checkSnapshot(
        _ snapshot: SnapshotBody, _ body: [UInt8], _ header: FrameHeader
    ) throws(Violation) {
        guard let state = snapshot.state(in: body.span.bytes) else { return }
        try require(state.count == snapshot.stateLength, "a state has another length than it says")
        let again = SnapshotBody.encode(
            Snapshot(
                stream: StreamID(snapshot.aggregateType, UUID(bits: header.aggregateID)), version: header.firstVersion,
                schemaVersion: snapshot.schemaVersion, createdAt: snapshot.createdAt,
                contentType: snapshot.contentType, state: state))
        let decoded = SnapshotBody(decoding: again.span.bytes, header: header)
        try require(decoded?.state(in: again.span.bytes) == state, "a snapshot comes back as another one")
    }
}

extension NewEvent {
    /// The event that a layout describes; nil where its time is none.
    fileprivate init?(_ layout: EventLayout, in body: [UInt8]) {
        let start = layout.start
        guard
            let occurredAt = Timestamp(
                seconds: body.number(at: start + 16), nanoseconds: body.number(at: start + 24))
        else { return nil }
        self.init(
            id: UUID(bits: layout.id(in: body.span.bytes)),
            type: String(decoding: body[layout.typeStart..<layout.metadataStart], as: UTF8.self),
            schemaVersion: Int(body.number(at: start + 28, as: UInt32.self)), occurredAt: occurredAt,
            contentType: ContentType(rawValue: body[start + 42]),
            payload: Bytes(Array(body[layout.payloadStart..<layout.payloadStart + layout.payloadLength])),
            metadata: EventMetadata(uncheckedEncoded: Bytes(Array(body[layout.metadataStart..<layout.payloadStart]))))
    }
}
