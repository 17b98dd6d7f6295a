import EventSourcing

/// What the writer has decided to store: one frame of the log.
enum LogEntry: Sendable {
    case commit(PositionedCommit)
    case release(StampedRelease)

    var stream: StreamID {
        switch self {
        case .commit(let positioned): positioned.commit.stream
        case .release(let stamped): stamped.release.stream
        }
    }

    var frameLength: Int {
        switch self {
        case .commit(let positioned): positioned.commit.frameLength
        case .release(let stamped): stamped.release.frameLength
        }
    }
}

/// A commit with everything that the writer decided.
struct PositionedCommit: Sendable {
    let commit: EncodedCommit
    let firstVersion: Int
    let firstPosition: Int
    let storedAt: Timestamp
}

/// A truncation or a tombstone with everything that the writer decided.
struct StampedRelease: Sendable {
    let release: EncodedRelease
    let storedAt: Timestamp
}

/// An entry that has its place in the segment.
struct PlacedEntry {
    let entry: LogEntry
    let offset: Int

    var isRelease: Bool {
        if case .release = entry { true } else { false }
    }
}

extension FrameHeader {
    /// The header of an entry's frame.
    ///
    /// - Parameter isSynced: whether the entry is acknowledged only once it is on the device.
    init(_ entry: LogEntry, epoch: UInt64, durableMark: Int, isSynced: Bool) {
        switch entry {
        case .commit(let positioned):
            self.init(kind: .commit, epoch: epoch, durableMark: durableMark, storedAt: positioned.storedAt)
            bodyLength = positioned.commit.body.count
            bodyChecksum = positioned.commit.bodyChecksum
            eventCount = positioned.commit.eventCount
            firstPosition = positioned.firstPosition
            firstVersion = positioned.firstVersion
            aggregateTypeTag = positioned.commit.aggregateTypeTag
        case .release(let stamped):
            let encoded = stamped.release
            self.init(kind: encoded.release.kind, epoch: epoch, durableMark: durableMark, storedAt: stamped.storedAt)
            bodyLength = encoded.body.count
            bodyChecksum = encoded.bodyChecksum
            aggregateTypeTag = encoded.aggregateTypeTag
            encoded.release.write(to: &self)
        }
        aggregateID = entry.stream.id.bits
        if !isSynced { flags |= Self.acknowledgedUnsynced }
    }
}
