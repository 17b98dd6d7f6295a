#if JetStream
import EventSourcing

/// A message: the format (1 byte), the kind (1), flags (2), the number of events (4), the stream's version (8) and first
/// version (8), the commit's number (8), its id (16), the last position (8, 0 for none), stored-at (12) if the flag says
/// so, the number of ancestors (1) and of each its sequence, number and version (LEB128), then the events, or, if the flag
/// says so, their length (8) and the sequences of their parts (8 each). All numbers are little-endian.
extension CommitHeader {
    private struct Flags: OptionSet {
        let rawValue: UInt16
        static let isInParts = Flags(rawValue: 1)
        static let hasStoredAt = Flags(rawValue: 2)
        static let isTruncated = Flags(rawValue: 4)
        static let isTombstoned = Flags(rawValue: 8)
        static let all = Flags(rawValue: 15)
    }

    /// A message.
    func encode(_ body: CommitBody) -> Bytes {
        var writer = ByteWriter(capacity: 80 + 16 * ancestors.roots.count + body.encodedCount)
        writer.write(UInt8(StoreLayout.format))
        writer.write(kind.rawValue)
        var flags: Flags = []
        if body.isInParts { flags.insert(.isInParts) }
        if storedAt != nil { flags.insert(.hasStoredAt) }
        if status.isTruncated { flags.insert(.isTruncated) }
        if status.isTombstoned { flags.insert(.isTombstoned) }
        writer.write(flags.rawValue)
        writer.write(UInt32(eventCount))
        writer.write(Int64(status.version))
        writer.write(Int64(status.firstVersion))
        writer.write(Int64(number))
        writer.write(id)
        writer.write(Int64(lastPosition?.rawValue ?? 0))
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
            let flags = reader.read().map(Flags.init), Flags.all.isSuperset(of: flags),
            let eventCount: UInt32 = reader.read(), eventCount <= EventLimits.eventsPerAppend,
            let version: Int64 = reader.read(), version >= Int64(eventCount), version < .max / 2,
            let firstVersion: Int64 = reader.read(), firstVersion >= 1, firstVersion <= version + 1,
            let number: Int64 = reader.read(), number > 0, number < .max / 2,
            let id: UInt128 = reader.read(), let lastPosition: Int64 = reader.read(), lastPosition >= 0
        else { return nil }
        var storedAt: Timestamp?
        if flags.contains(.hasStoredAt) {
            storedAt = reader.readInstant()
            if storedAt == nil { return nil }
        }
        guard let ancestors = Ancestors(&reader),
            let body = CommitBody(&reader, isInParts: flags.contains(.isInParts))
        else { return nil }
        let status = StreamStatus(
            version: Int(version), firstVersion: Int(firstVersion), isTruncated: flags.contains(.isTruncated),
            isTombstoned: flags.contains(.isTombstoned))
        let header = CommitHeader(
            kind: kind, eventCount: Int(eventCount), status: status, number: Int(number), id: id, storedAt: storedAt,
            lastPosition: lastPosition > 0 ? Position(Int(lastPosition)) : nil, ancestors: ancestors)
        return (header, body)
    }
}

extension Ancestors {
    fileprivate init?(_ reader: inout ByteReader) {
        guard let count: UInt8 = reader.read() else { return nil }
        var roots: [CommitReference] = []
        for _ in 0..<count {
            guard let sequence = reader.readCompact(), let number = reader.readCompact().flatMap(Int.init(exactly:)),
                let version = reader.readCompact().flatMap(Int.init(exactly:))
            else { return nil }
            roots.append(CommitReference(sequence: sequence, number: number, version: version))
        }
        self.init(roots)
    }
}
#endif
