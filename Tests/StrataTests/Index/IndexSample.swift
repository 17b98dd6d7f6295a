import EventSourcing
import FoundationEssentials
import StrataTesting

@testable import Strata

/// Random commits of a segment, what an index makes of them, and what it has to answer.
struct IndexSample {
    struct Commit {
        let stream: StreamID
        let place: CommitPlace
        let ids: [UInt128]
    }

    static let storeID: UInt128 = 0x1234_5678
    static let types = ["Order", "Invoice", "Ünïcode", "T"]

    let index: GrowingIndex
    let commits: [Commit]
    let binding: SidecarBinding

    init(seed: UInt64, commits count: Int, streams: Int, number: UInt64 = 1, generation: UInt64 = 0) {
        var randomness = SeededRandomness(seed: seed)
        let ids = (0..<streams).map { _ in UUID(bits: UInt128(randomness.next()) << 64 | UInt128(randomness.next())) }
        var index = GrowingIndex()
        var commits: [Commit] = []
        var versions: [StreamID: Int] = [:]
        var offset = Format.segmentHeaderBytes
        var position = Int(number)
        for _ in 0..<count {
            // Ids of different types may be the same.
            let stream = StreamID(
                Self.types[Int.random(in: 0..<Self.types.count, using: &randomness)],
                ids[Int.random(in: 0..<streams, using: &randomness)])
            let version = versions[stream] ?? Int.random(in: 0...3, using: &randomness)
            var header = FrameHeader(
                kind: .commit, epoch: 1, durableMark: 64,
                storedAt: Timestamp(seconds: Int64(position), nanoseconds: 7) ?? .distantPast)
            header.eventCount = Int.random(in: 1...4, using: &randomness)
            header.bodyLength = 8 * Int.random(in: 10...200, using: &randomness)
            header.firstVersion = version + 1
            header.firstPosition = position
            header.aggregateTypeTag = FrameHeader.tag(of: stream.aggregateType)
            header.aggregateID = stream.id.bits
            let type = Array(stream.aggregateType.utf8).withSpan { index.addType($0, tag: header.aggregateTypeTag) }
            _ = index.add(header, at: offset, type: type)
            let events = (0..<header.eventCount).map { _ in
                UInt128(randomness.next()) << 64 | UInt128(randomness.next())
            }
            for id in events { index.addEvent(id, at: offset) }
            commits.append(
                Commit(
                    stream: stream,
                    place: CommitPlace(firstVersion: version + 1, offset: offset, eventCount: header.eventCount),
                    ids: events))
            versions[stream] = version + header.eventCount
            position += header.eventCount
            offset += header.frameLength
        }
        self.index = index
        self.commits = commits
        binding = SidecarBinding(
            storeID: Self.storeID, number: number, generation: generation, digest: 0xABCD,
            identity: FileIdentity(node: 5, change: -9, length: offset))
    }

    /// The bytes of the segment's sidecar.
    var encoded: [UInt8] { SidecarEncoding(index).encoded(for: binding) }
}

extension [UInt8] {
    func withSpan<Result>(_ body: (RawSpan) -> Result) -> Result { body(span.bytes) }
}

extension Sidecar {
    /// A sidecar in memory.
    convenience init(_ bytes: [UInt8], for binding: SidecarBinding) throws(SidecarFault) {
        try self.init(FileMapping(copying: bytes), for: binding)
    }

    /// What an index is asked for.
    func stream(_ stream: StreamID) throws(SidecarFault) -> SidecarStream? {
        guard let type = type(named: stream.aggregateType) else { return nil }
        let hash = IndexHash.stream(FrameHeader.tag(of: stream.aggregateType), stream.id.bits)
        return try self.stream(type, stream.id.bits, hash: hash, .verifying)
    }

    func commits(of stream: StreamID, versions: ClosedRange<Int>, limit: Int = .max) throws(SidecarFault)
        -> [CommitPlace]
    {
        guard let found = try self.stream(stream) else { return [] }
        var commits: [CommitPlace] = []
        try collectCommits(of: found, versions: versions, limit: limit, into: &commits, .verifying)
        return commits
    }

    func offsets(ofEvent id: UInt128) throws(SidecarFault) -> [Int] {
        var offsets: [Int] = []
        try collectEvents(IndexHash.event(id), into: &offsets, .verifying)
        return offsets
    }
}
