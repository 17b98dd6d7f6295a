import EventSourcing
import FoundationEssentials

extension FaultySnapshotStore {
    /// What a faulty store makes of a snapshot's contents.
    func distorted(_ snapshot: Snapshot) -> Snapshot {
        Snapshot(
            stream: stream(snapshot.stream),
            version: fault == .keepsVersionsInSixteenBits ? snapshot.version & 0xFFFF : snapshot.version,
            schemaVersion: fault == .keepsOneSchemaVersion ? 1 : snapshot.schemaVersion,
            createdAt: createdAt(snapshot.createdAt),
            contentType: fault == .keepsJSONOnly ? .json : snapshot.contentType, state: stateBytes(snapshot.state))
    }

    private func stream(_ stream: StreamID) -> StreamID {
        switch fault {
        case .forgetsTheStream: StreamID(stream.aggregateType, UUID(bits: 0))
        case .keepsTypesInASCII:
            StreamID(String(decoding: stream.aggregateType.utf8.map { $0 & 0x7F }, as: UTF8.self), stream.id)
        default: stream
        }
    }

    private func createdAt(_ instant: Timestamp) -> Timestamp {
        switch fault {
        case .keepsMilliseconds:
            Timestamp(seconds: instant.seconds, nanoseconds: instant.nanoseconds / 1_000_000 * 1_000_000) ?? instant
        case .keepsTimesSince1970Only: max(instant, Timestamp(seconds: 0, nanoseconds: 0) ?? instant)
        case .keepsTimesOfThisCenturyOnly: min(instant, Timestamp(rfc3339: "2100-01-01T00:00:00Z") ?? instant)
        default: instant
        }
    }

    private func stateBytes(_ state: Bytes) -> Bytes {
        switch fault {
        case .stripsSpacesFromStates: Bytes(copying: state.filter { $0 != UInt8(ascii: " ") })
        case .replacesEmptyStates: state.isEmpty ? Bytes("{}") : state
        case .endsStatesAtNUL: Bytes(copying: state.prefix { $0 != 0 })
        case .cutsStatesAt64KiB: state.slice(0..<min(state.count, 65_536))
        default: state
        }
    }
}
