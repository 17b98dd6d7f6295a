import EventSourcing
import FoundationEssentials
package import Strata

/// Opens a store whose bytes are not what was written, and checks that nobody is told anything wrong.
package struct DamageCheck {
    package enum Finding: Hashable, Sendable {
        /// Opening for writing refuses, and changes nothing.
        case refused
        /// Opening goes on; verification reports, and so does every read of what is damaged.
        case reported
        /// Everything is there, byte for byte.
        case harmless
        /// The log's end looks as a crash would have left it: events are missing there, and nothing tells.
        case cutShort
    }

    private let storage: SimulatedStorage
    private let expectation: Expectation
    private let options: StrataOptions
    private let mayLoseSnapshots: Bool

    /// - Parameter mayLoseSnapshots: whether snapshots may be missing, and deleted ones be back, without a word: the end of
    ///   one of their segments is gone.
    package init(
        _ storage: SimulatedStorage, _ expectation: Expectation, options: StrataOptions, mayLoseSnapshots: Bool
    ) {
        self.mayLoseSnapshots = mayLoseSnapshots
        self.storage = storage
        self.expectation = expectation
        self.options = options
    }

    /// Checks everything.
    ///
    /// - Throws: a ``Violation`` where a wrong event is shown, something is changed by whoever may not, or events are
    ///   missing in the middle without a word.
    package func run() async throws -> Finding {
        let isSound = try verify()
        let isReadable = try await readOnly(mayFail: !isSound)
        let device = SimulatedDevice(storage)
        let store: StrataStore
        do {
            store = try await StrataStore.open(on: device, options: options)
        } catch {
            try checkRefusal(error, device)
            return .refused
        }
        // A directory that is no store is made one by opening it for writing.
        if !isReadable, try await store.events.currentPosition() != nil {
            throw Violation("a store that opens for writing does not open for reading")
        }
        // A sealed segment that has rotten since it was last read in full opens by its sidecar: reads tell.
        let (lost, isComplete) = try await readEverything(of: store, mayFail: !isSound)
        try await store.close()
        if lost.isEmpty { return isSound ? .harmless : .reported }
        return isComplete ? .cutShort : .reported
    }

    /// Whether verification finds nothing.
    private func verify() throws -> Bool {
        let device = SimulatedDevice(storage)
        var isSound = false
        do {
            isSound = try StrataStore.verify(on: device).isSound
        } catch {
            try checkCode(of: error)
        }
        try require(device.mutatingCalls == 0, "verification changes the store")
        return isSound
    }

    private func checkCode(of error: StrataError) throws(Violation) {
        let codes: Set<StrataError.Code> = [.damaged, .unsupportedFormat, .notAStore]
        try require(codes.contains(error.code), "damage shows as \(error)")
    }

    private func checkRefusal(_ error: StrataError, _ device: SimulatedDevice) throws(Violation) {
        try checkCode(of: error)
        let before = storage.contents.filter { $0.key != "LOCK" }
        let after = device.storage.contents.filter { $0.key != "LOCK" }
        try require(before == after, "opening refuses, and changes the store")
    }

    /// Reads whatever can be read; returns whether the store opens for reading.
    private func readOnly(mayFail: Bool) async throws -> Bool {
        let device = SimulatedDevice(storage)
        var options = options
        options.access = .readOnly
        let store: StrataStore
        do {
            store = try await StrataStore.open(on: device, options: options)
        } catch {
            try checkCode(of: error)
            return false
        }
        _ = try await readEverything(of: store, mayFail: mayFail)
        try require(device.mutatingCalls == 0, "reading only changes the store")
        return true
    }

    /// Reads in all the ways that there are; returns what is lost of what was acknowledged, and whether the feed came to
    /// its end.
    private func readEverything(
        of store: StrataStore, mayFail: Bool
    ) async throws -> (lost: [AppendResult], isComplete: Bool) {
        let forward = try await events(of: store.events.readAll(), mayFail)
        let lost = try expectation.lost(from: forward.events, mayLoseReleases: true)
        // A read that comes to its end has shown everything, unless the log itself ends too early.
        if forward.isComplete { try checkEnd(of: forward.events, lacking: lost) }
        let backward = try await events(of: store.events.readAll(direction: .backward), mayFail)
        try checkContents(backward.events)
        if backward.isComplete {
            let events = Array(backward.events.reversed())
            try checkEnd(of: events, lacking: expectation.lost(from: events, mayLoseReleases: true))
        }
        for stream in expectation.streams {
            let found = try await events(of: store.events.readStream(stream), mayFail).events
            try checkContents(found)
            try require(
                found.enumerated().allSatisfy { $1.version == found[0].version + $0 && $1.stream == stream },
                "a stream shows other versions than it should")
            let snapshot = try await store.snapshots.latest(for: stream)
            let status = try await store.events.status(of: stream)
            // The report names it, or the log has lost what a later one was made of.
            let mayBeLost = mayLoseSnapshots || mayFail || expectation.wasSnapshotted(behind: status, stream)
            try expectation.check(
                snapshot, of: stream, status, mayBeDeleted: mayLoseSnapshots, mayBeLost: mayBeLost)
        }
        for append in expectation.appends.suffix(3) {
            var found: RecordedEvent?
            do throws(EventStoreError) {
                found = try await store.events.event(withID: append.events[0].id)
            } catch {
                try require(mayFail && error.code == .damaged, "looking up an event fails: \(error)")
            }
            if let found { try expectation.checkContent(of: found) }
        }
        return (lost, forward.isComplete)
    }

    /// What is missing from a read without a word stood at the log's end, and was taken for a crash's leftovers: its
    /// positions come behind all others, or were given to later events.
    private func checkEnd(of found: [RecordedEvent], lacking lost: [AppendResult]) throws(Violation) {
        let positions = Set(found.map(\.position))
        let last = positions.max() ?? 0
        try require(
            lost.allSatisfy { $0.firstPosition > last || positions.contains($0.firstPosition) },
            "events are missing in the middle, and nothing tells")
    }

    /// The events of a read, up to the first that cannot be read.
    private func events(
        of batches: EventBatches, _ mayFail: Bool
    ) async throws -> (events: [RecordedEvent], isComplete: Bool) {
        var events: [RecordedEvent] = []
        var iterator = batches.makeAsyncIterator()
        do throws(EventStoreError) {
            while let batch = try await iterator.next() { events += batch }
        } catch {
            try require(mayFail && error.code == .damaged, "reading fails: \(error)")
            return (events, false)
        }
        return (events, true)
    }

    /// Each event is one that was appended, where its caller was told, and byte-equal.
    private func checkContents(_ found: [RecordedEvent]) throws(Violation) {
        for event in found { try expectation.checkContent(of: event) }
    }
}
