import EventSourcing
import FoundationEssentials
import Synchronization

/// A plain snapshot store with at most one fault. Without one it keeps the contract.
final class FaultySnapshotStore: SnapshotStore {
    let fault: SnapshotStoreFault?
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
            return state.withLock { state in
                // Whoever comes last would win, which may be the right one.
                if let other = state.snapshots[key], other != stored, other.version < snapshot.version { return }
                state.snapshots[key] = snapshot
            }
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
