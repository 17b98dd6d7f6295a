import EventSourcing
import FoundationEssentials
import Synchronization

/// One way each in which a snapshot store can be wrong; ``FaultySnapshotStore`` shows what it means.
enum SnapshotStoreFault: String, CaseIterable {
    // Saving
    case keepsNothing, givesAnySnapshot, saysThatNoneExists, saysThatAllExist, keepsOneSnapshotATypeOnly
    case keepsOneSnapshotAnIdentifierOnly, forgetsTheStream, losesUpdates

    // Replacing
    case keepsTheFirstSnapshot, keepsTheLastSnapshot, keepsTheSameVersion, keepsHigherVersionsOfAnySchema
    case keepsHigherSchemaVersions, keepsLowerSchemaVersions, keepsHigherVersionsOfHigherSchemas

    // Keeping
    case keepsVersionsInSixteenBits, keepsOneSchemaVersion, keepsMilliseconds, keepsTimesSince1970Only
    case keepsTimesOfThisCenturyOnly, keepsJSONOnly, keepsTypesInASCII, stripsSpacesFromStates, replacesEmptyStates
    case endsStatesAtNUL, cutsStatesAt64KiB

    // Deleting
    case deletesNothing, deletesEverything, saysThatThereWasNone, saysThatThereWasOne, remembersDeletedVersions
    case deletesNoTypes, deletesAllTypes, deletesTypesByPrefix, countsAllSnapshots, countsNothing
    case ignoresTheSchemaVersion, deletesTheSchemaVersionItself, deletesBelowOneLess, deletesAllTypesBelow
    case countsSavesInsteadOfSnapshots, hidesDeletedSnapshotsOnly

    // Refusing
    case ignoresVersions, ignoresSchemaVersions, ignoresNames, ignoresSizes, refusesByOtherCodes, dropsBehindARefusal
}

/// A plain snapshot store with at most one fault. Without one it keeps the contract.
final class FaultySnapshotStore: SnapshotStore {
    private let fault: SnapshotStoreFault?
    private let state = Mutex(State())

    private struct State {
        var snapshots: [String: Snapshot] = [:]
        var highest: [String: Int] = [:]
        var saves: [String: Int] = [:]
        var hidden: Set<String> = []
    }

    init(_ fault: SnapshotStoreFault? = nil) {
        self.fault = fault
    }

    private func key(_ stream: StreamID) -> String {
        switch fault {
        case .keepsOneSnapshotATypeOnly: stream.aggregateType
        case .keepsOneSnapshotAnIdentifierOnly: stream.id.uuidString
        default: stream.description
        }
    }

    func save(_ snapshot: Snapshot) async throws(EventStoreError) {
        let key = key(snapshot.stream)
        do {
            try EventLimits.check(seen(snapshot))
        } catch {
            if fault == .dropsBehindARefusal { state.withLock { $0.snapshots[key] = nil } }
            throw fault == .refusesByOtherCodes ? EventStoreError(.ioFailure, "refused") : error
        }
        if fault == .keepsNothing { return }
        if fault == .losesUpdates {
            let stored = state.withLock { $0.snapshots[key] }
            for _ in 1...20 { await Task.yield() }
            if stored.map({ !replaces($0, snapshot) }) == true { return }
            return state.withLock { $0.snapshots[key] = snapshot }
        }
        state.withLock { state in
            if let stored = state.snapshots[key], !replaces(stored, snapshot) { return }
            if fault == .remembersDeletedVersions, state.highest[key, default: 0] > snapshot.version { return }
            state.highest[key] = snapshot.version
            state.saves[key, default: 0] += 1
            state.hidden.remove(key)
            state.snapshots[key] = distorted(snapshot)
        }
    }

    private func seen(_ snapshot: Snapshot) -> Snapshot {
        Snapshot(
            stream: fault == .ignoresNames ? StreamID("Order", snapshot.stream.id) : snapshot.stream,
            version: fault == .ignoresVersions ? 1 : snapshot.version,
            schemaVersion: fault == .ignoresSchemaVersions ? 1 : snapshot.schemaVersion,
            createdAt: snapshot.createdAt, contentType: snapshot.contentType,
            state: fault == .ignoresSizes ? Bytes() : snapshot.state)
    }

    private func replaces(_ old: Snapshot, _ new: Snapshot) -> Bool {
        let isSameSchema = old.schemaVersion == new.schemaVersion
        return switch fault {
        case .keepsTheFirstSnapshot: false
        case .keepsTheLastSnapshot: true
        case .keepsTheSameVersion: !(isSameSchema && old.version >= new.version)
        case .keepsHigherVersionsOfAnySchema: old.version <= new.version
        case .keepsHigherSchemaVersions: old.schemaVersion <= new.schemaVersion
        case .keepsLowerSchemaVersions: old.schemaVersion >= new.schemaVersion
        case .keepsHigherVersionsOfHigherSchemas:
            !(old.schemaVersion >= new.schemaVersion && old.version > new.version)
        default: !(isSameSchema && old.version > new.version)
        }
    }

    func latest(for stream: StreamID) async throws(EventStoreError) -> Snapshot? {
        state.withLock { state in
            fault == .givesAnySnapshot ? state.snapshots.values.first : state.snapshots[key(stream)]
        }
    }

    func exists(for stream: StreamID) async throws(EventStoreError) -> Bool {
        state.withLock { state in
            switch fault {
            case .saysThatNoneExists: false
            case .saysThatAllExist: true
            default: state.snapshots[key(stream)] != nil && !state.hidden.contains(key(stream))
            }
        }
    }

    func delete(for stream: StreamID) async throws(EventStoreError) -> Bool {
        state.withLock { state in
            let existed = state.snapshots[key(stream)] != nil
            switch fault {
            case .deletesNothing: break
            case .deletesEverything: state.snapshots = [:]
            case .hidesDeletedSnapshotsOnly: state.hidden.insert(key(stream))
            default: state.snapshots[key(stream)] = nil
            }
            return switch fault {
            case .saysThatThereWasNone: false
            case .saysThatThereWasOne: true
            default: existed
            }
        }
    }

    func deleteAll(ofType aggregateType: String, schemaVersionBelow: Int?) async throws(EventStoreError) -> Int {
        state.withLock { state in
            let count = state.snapshots.count
            let outdated = state.snapshots.filter { _, snapshot in
                isOfType(snapshot, aggregateType, schemaVersionBelow)
                    && (schemaVersionBelow.map { isBelow(snapshot.schemaVersion, $0) } ?? true)
            }
            if fault != .deletesNoTypes { for key in outdated.keys { state.snapshots[key] = nil } }
            return switch fault {
            case .countsAllSnapshots: count
            case .countsNothing: 0
            case .countsSavesInsteadOfSnapshots: outdated.keys.reduce(0) { $0 + (state.saves[$1] ?? 0) }
            default: outdated.count
            }
        }
    }

    private func isOfType(_ snapshot: Snapshot, _ aggregateType: String, _ schemaVersionBelow: Int?) -> Bool {
        switch fault {
        case .deletesAllTypes: true
        case .deletesTypesByPrefix: snapshot.stream.aggregateType.hasPrefix(aggregateType)
        case .deletesAllTypesBelow where schemaVersionBelow != nil: true
        default: snapshot.stream.aggregateType == aggregateType
        }
    }

    private func isBelow(_ schemaVersion: Int, _ limit: Int) -> Bool {
        switch fault {
        case .ignoresTheSchemaVersion: true
        case .deletesTheSchemaVersionItself: schemaVersion <= limit
        case .deletesBelowOneLess: schemaVersion < limit - 1
        default: schemaVersion < limit
        }
    }
}

extension FaultySnapshotStore {
    /// What a faulty store makes of a snapshot's contents.
    private func distorted(_ snapshot: Snapshot) -> Snapshot {
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
