import EventSourcing
import Strata
import StrataTesting

extension FuzzTarget {
    /// Files of a store, as for the target `store`: what recovery and salvage make of them.
    ///
    /// Planning a recovery changes nothing, performing it leaves a store without damage, and a salvage never changes
    /// what it reads, ends in a sound store, and loses nothing where nothing is damaged.
    package static let salvage = FuzzTarget(
        "salvage", .asynchronous { try await checkSalvage($0) }, expansionLimit: 255)

    private static func checkSalvage(_ bytes: [UInt8]) async throws {
        let (storage, _) = storeInput(bytes)
        let events = try await events(of: storage)
        try await salvage(storage, events)
        try await recover(storage, events)
    }

    /// All events; nil where they cannot be read, or not all of them.
    private static func events(of storage: SimulatedStorage) async throws -> [RecordedEvent]? {
        let device = SimulatedDevice(storage)
        do {
            guard try StrataStore.verify(on: device).damage.isEmpty else { return nil }
            let store = try await StrataStore.open(on: device, options: StoreCheck.readOnly)
            return try await store.events.readAll().collect()
        } catch is StrataError {
            return nil
        }
    }

    private static func salvage(_ storage: SimulatedStorage, _ events: [RecordedEvent]?) async throws {
        let (source, destination) = (SimulatedDevice(storage), SimulatedDevice())
        let report: SalvageReport
        do {
            report = try await StrataStore.salvage(from: source, into: destination, options: StoreCheck.readWrite)
        } catch {
            try require(events == nil, "a sound store cannot be salvaged: \(error)")
            return
        }
        try require(source.storage.contents == storage.contents, "salvaging changes what it reads")
        guard let salvaged = try await Self.events(of: destination.storage) else {
            throw Violation("what was salvaged is damaged")
        }
        // Events that were released are brought over as they stand there, and stay hidden.
        try require(
            report.releases == 0 ? salvaged.count == report.events : salvaged.count <= report.events,
            "a salvage has other events than it reports")
        try require(events == nil || events == salvaged, "salvaging a sound store changes it")
    }

    private static func recover(_ storage: SimulatedStorage, _ events: [RecordedEvent]?) async throws {
        let device = SimulatedDevice(storage)
        do {
            _ = try StrataStore.recover(on: device, dryRun: true)
            try require(device.storage.contents == storage.contents, "planning a recovery changes the store")
            let report = try StrataStore.recover(on: device, dryRun: false)
            try require(events == nil || report.unrecoverable.isEmpty, "a sound store is called unrecoverable")
            guard report.isPerformed else { return }
        } catch is StrataError {
            return
        }
        let recovered = try await Self.events(of: device.storage)
        try require(recovered != nil, "a store is damaged after its recovery")
        try require(events == nil || events == recovered, "recovering a sound store changes it")
    }
}
