#if JetStream
import EventSourcing

/// A snapshot as a message holds it.
///
/// The format (1 byte), flags (1), the content type (1), the version (8), the schema version (4), created-at (12), then
/// the state, or, if the flag says so, its length (8) and the sequences of its parts (8 each).
struct StoredSnapshot: Sendable {
    private static let hasParts: UInt8 = 1

    let version: Int
    let schemaVersion: Int
    let createdAt: Timestamp
    let contentType: ContentType
    let state: CommitBody

    init(_ snapshot: Snapshot, state: CommitBody) {
        version = snapshot.version
        schemaVersion = snapshot.schemaVersion
        createdAt = snapshot.createdAt
        contentType = snapshot.contentType
        self.state = state
    }

    /// Reads a message; nil where it holds no snapshot that this version of the library writes.
    init?(_ message: Bytes) {
        var reader = ByteReader(message)
        guard reader.read(UInt8.self) == UInt8(StoreLayout.format), let flags: UInt8 = reader.read(),
            flags & ~Self.hasParts == 0, let contentType: UInt8 = reader.read(), let version: Int64 = reader.read(),
            let schemaVersion: UInt32 = reader.read(), let createdAt = reader.readInstant(),
            let state = CommitBody(&reader, isInParts: flags & Self.hasParts != 0)
        else { return nil }
        self.version = Int(version)
        self.schemaVersion = Int(schemaVersion)
        self.createdAt = createdAt
        self.contentType = ContentType(rawValue: contentType)
        self.state = state
    }

    var encoded: Bytes {
        var writer = ByteWriter(capacity: 40 + state.encodedCount)
        writer.write(UInt8(StoreLayout.format))
        writer.write(state.isInParts ? Self.hasParts : 0)
        writer.write(contentType.rawValue)
        writer.write(Int64(version))
        writer.write(UInt32(schemaVersion))
        writer.write(createdAt)
        state.write(to: &writer)
        return Bytes(writer.bytes)
    }
}
#endif
