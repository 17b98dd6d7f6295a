import EventSourcing
import FoundationEssentials
import Strata
import StrataTesting

/// What must hold for every directory whatsoever: a correct opening or a typed error, and what was read once stays the
/// same.
struct StoreCheck {
    /// What is done to a store beside opening it.
    struct Actions: OptionSet {
        let rawValue: UInt8
        /// Appends are large enough for a new segment.
        static let rollsOver = Actions(rawValue: 1)
        /// A segment is cut short under an open reader.
        static let cutsUnderReader = Actions(rawValue: 2)
        /// The process dies in place of closing the store.
        static let dies = Actions(rawValue: 4)
    }

    static let readOnly = StrataOptions(access: .readOnly)
    static let readWrite = StrataOptions(segmentBytes: 8 << 10, preallocatedBytes: 1 << 10, idleMarkDelay: nil)

    private let storage: SimulatedStorage
    private let actions: Actions

    init(_ storage: SimulatedStorage, _ actions: Actions) {
        self.storage = storage
        self.actions = actions
    }

    func run() async throws {
        let isUndamaged = try verify(SimulatedDevice(storage))
        let readEvents = try await readWithoutChanging()
        try require(isUndamaged == nil || readEvents.isOpen, "a store that can be verified cannot be read")
        try await write(isUndamaged: isUndamaged, readEvents: readEvents.events)
    }

    /// Whether the log is without damage; nil where that cannot be told.
    private func verify(_ device: SimulatedDevice) throws(Violation) -> Bool? {
        let report: VerificationReport
        do { report = try StrataStore.verify(on: device) } catch { return nil }
        try FuzzTarget.check(report)
        return report.damage.isEmpty
    }

    private func readWithoutChanging() async throws -> (isOpen: Bool, events: [RecordedEvent]?) {
        let device = SimulatedDevice(storage)
        let store: StrataStore
        do { store = try await StrataStore.open(on: device, options: Self.readOnly) } catch { return (false, nil) }
        let isSound = try verify(device) == true
        let events = try await StoreReading(store, mustSucceed: isSound).run()
        try require(device.storage.contents == storage.contents, "reading changes the store")
        if actions.contains(.cutsUnderReader) { try await readCut(store, device) }
        return (true, events)
    }

    /// Reads on after a segment has become shorter: whatever is read comes with an error, and comes to an end.
    private func readCut(_ store: StrataStore, _ device: SimulatedDevice) async throws {
        let segments = device.storage.contents.filter { $0.key.hasPrefix("events/") && $0.key.hasSuffix(".seg") }
        guard let (name, bytes) = segments.max(by: { $0.key < $1.key }) else { return }
        try device.open(name, .readWrite).truncate(to: bytes.count / 2)
        _ = try await StoreReading(store, mustSucceed: false).run()
    }

    private func write(isUndamaged: Bool?, readEvents: [RecordedEvent]?) async throws {
        let device = SimulatedDevice(storage)
        let store: StrataStore
        do {
            store = try await StrataStore.open(on: device, options: Self.readWrite)
        } catch {
            try require(isUndamaged != true, "a store without damage cannot be opened for writing: \(error)")
            let changed = device.storage.contents.filter { $0.key != "LOCK" }
            try require(
                error.code != .damaged || changed == storage.contents.filter { $0.key != "LOCK" },
                "opening a damaged store changes it")
            return
        }
        try require(isUndamaged != false, "a damaged store was opened for writing")
        guard let before = try await StoreReading(store, mustSucceed: true).run() else { return }
        try require(readEvents == nil || readEvents == before, "a writer sees other events than a reader")
        let after = try await append(to: store, before)
        let next: SimulatedDevice
        if actions.contains(.dies) {
            next = device.afterProcessDeath()
        } else {
            try await store.close()
            next = SimulatedDevice(device.storage)
        }
        try require(try verify(next) == true, "a store is damaged after it was written to")
        let reopened = try await StrataStore.open(on: next, options: Self.readWrite)
        let found = try await StoreReading(reopened, mustSucceed: true).run()
        try require(found == after, "opening again shows other events")
        try await reopened.close()
    }

    /// Appends to a stream that is there and to a new one; returns what must be there then.
    private func append(to store: StrataStore, _ before: [RecordedEvent]) async throws -> [RecordedEvent] {
        var expected = before
        var randomness = SeededRandomness(seed: 1)
        let other = StreamID("Fuzzed", UUID(using: &randomness))
        for stream in [before.last?.stream ?? other, other] {
            let event = NewEvent.sample(
                payloadBytes: actions.contains(.rollsOver) ? 6 << 10 : 9, using: &randomness)
            let result: AppendResult
            do {
                result = try await store.events.append([event], to: stream, expecting: .any)
            } catch {
                let isExpected = [.duplicateEventID, .storageFull, .streamDeleted].contains(error.code)
                try require(isExpected, "an append to a sound store fails: \(error)")
                continue
            }
            guard let recorded = try await store.events.event(withID: event.id) else {
                throw Violation("an appended event cannot be found")
            }
            try require(recorded.position == result.lastPosition, "an appended event is found elsewhere")
            expected.append(recorded)
        }
        let found = try await StoreReading(store, mustSucceed: true).run()
        try require(found == expected, "appending changes what was there")
        return expected
    }
}
