#if JetStream
import EventSourcing

/// What a commit's message says before its events.
///
/// A message: the format (1 byte), the kind (1), flags (2), the number of events (4), the version before (8), the commit's
/// own number in its subject (8), its id (16), stored-at (12) if the flag says so, the number of ancestors (1) and of each
/// its sequence, number and version (LEB128), then the events, or, if the flag says so, their length (8) and the
/// sequences of their parts (8 each). All numbers are little-endian.
struct CommitHeader: Sendable {
    enum Kind: UInt8, Sendable {
        /// Holds events.
        case events = 0
        /// Holds nothing; takes its place so that no commit that expected the one before can follow.
        case fence = 1
    }

    var kind = Kind.events
    var eventCount: Int
    var versionBefore: Int
    var number: Int
    /// Random, and the message id: a commit that was sent twice is recognised by it.
    var id: UInt128
    /// When an earlier store took the events; nil where the message's own time counts.
    var storedAt: Timestamp?
    var ancestors: Ancestors

    private static let hasParts: UInt16 = 1
    private static let hasStoredAt: UInt16 = 2

    /// A message.
    func encode(_ body: CommitBody) -> Bytes {
        var writer = ByteWriter(capacity: 64 + 16 * ancestors.roots.count + body.encodedCount)
        writer.write(UInt8(StoreLayout.format))
        writer.write(kind.rawValue)
        var flags: UInt16 = storedAt == nil ? 0 : Self.hasStoredAt
        if body.isInParts { flags |= Self.hasParts }
        writer.write(flags)
        writer.write(UInt32(eventCount))
        writer.write(Int64(versionBefore))
        writer.write(Int64(number))
        writer.write(id)
        if let storedAt { writer.write(storedAt) }
        writer.write(UInt8(ancestors.roots.count))
        for root in ancestors.roots {
            writer.writeCompact(root.sequence)
            writer.writeCompact(UInt64(root.number))
            writer.writeCompact(UInt64(root.version))
        }
        body.write(to: &writer)
        return Bytes(writer.bytes)
    }

    /// Reads a message; nil where it is none that this version of the library writes.
    static func decode(_ message: Bytes) -> (CommitHeader, CommitBody)? {
        var reader = ByteReader(message)
        guard reader.read(UInt8.self) == UInt8(StoreLayout.format), let kind = reader.read().flatMap(Kind.init),
            let flags: UInt16 = reader.read(), flags & ~(hasParts | hasStoredAt) == 0,
            let eventCount: UInt32 = reader.read(), eventCount <= EventLimits.eventsPerAppend,
            let versionBefore: Int64 = reader.read(), (0 ..< .max / 2).contains(versionBefore),
            let number: Int64 = reader.read(), (1 ..< .max / 2).contains(number), let id: UInt128 = reader.read()
        else { return nil }
        var storedAt: Timestamp?
        if flags & hasStoredAt != 0 {
            storedAt = reader.readInstant()
            if storedAt == nil { return nil }
        }
        guard let ancestors = readAncestors(&reader), let body = CommitBody(&reader, isInParts: flags & hasParts != 0)
        else { return nil }
        let header = CommitHeader(
            kind: kind, eventCount: Int(eventCount), versionBefore: Int(versionBefore), number: Int(number), id: id,
            storedAt: storedAt, ancestors: ancestors)
        return (header, body)
    }

    private static func readAncestors(_ reader: inout ByteReader) -> Ancestors? {
        guard let count: UInt8 = reader.read() else { return nil }
        var roots: [CommitReference] = []
        for _ in 0..<count {
            guard let sequence = reader.readCompact(), let number = reader.readCompact().flatMap(Int.init(exactly:)),
                let version = reader.readCompact().flatMap(Int.init(exactly:))
            else { return nil }
            roots.append(CommitReference(sequence: sequence, number: number, version: version))
        }
        return Ancestors(roots)
    }
}
#endif
