import EventCopying
import EventSourcing
import Strata

/// A store in a directory.
///
/// One that is open for reading shows what was there when it was opened, so following it means opening it again.
actor DirectoryStore: OpenStore {
    private let path: String
    private var current: StrataStore

    private init(_ path: String, _ store: StrataStore) {
        self.path = path
        current = store
    }

    static func open(_ path: String, for use: StoreUse) async throws(ToolError) -> DirectoryStore {
        let options = use == .reading ? reading : StrataOptions(logger: StandardErrorLog.logger)
        let store: StrataStore
        do throws(StrataError) { store = try await StrataStore.open(at: path, options: options) } catch {
            throw ToolError(error, at: path)
        }
        // A copy of what can be read would pass for the whole.
        try store.checkCompleteness(at: path)
        return DirectoryStore(path, store)
    }

    private static var reading: StrataOptions {
        StrataOptions(access: .readOnly, logger: StandardErrorLog.logger)
    }

    var store: CopyableStore { CopyableStore(events: current.events, snapshots: current.snapshots) }

    func next(behind position: Position?) async throws(EventStoreError) -> CopyableStore {
        while await Polling.pause() {
            let store = try await refresh()
            if try await store.events.currentPosition() ?? 0 > position ?? 0 { return store }
        }
        return store
    }

    func refresh() async throws(EventStoreError) -> CopyableStore {
        let newer: StrataStore
        do throws(StrataError) {
            newer = try await StrataStore.open(at: path, options: Self.reading)
            try await current.close()
        } catch {
            throw EventStoreError(.ioFailure, "opening the store again failed", cause: error)
        }
        current = newer
        if let damage = newer.damage.first { throw EventStoreError(.damaged, "damaged: \(damage)") }
        return store
    }

    func close() async throws(StrataError) {
        try await current.close()
    }
}
