import EventSourcing
import FoundationEssentials
import Strata

/// A long life of one store in which everything happens that can: callers append, read, save and delete, alone and many at
/// a time, release events and compact; calls of the device fail, syncs lose what they were to keep, disks are full;
/// processes die, and the power goes, during recoveries as well; clocks jump.
///
/// Whenever the store is opened again, what it holds is checked against all that callers were told.
package struct Life {
    let seed: UInt64
    let habits: Habits
    package internal(set) var tally = Tally()
    var randomness: SeededRandomness
    var device: SimulatedDevice
    var options: StrataOptions
    var store: StrataStore?
    /// The events that were shown beside the writer since it opened the store.
    var seenBeside: [RecordedEvent] = []
    /// A backup from time to time; each is made of the one before.
    var backup: SimulatedDevice
    /// Whether unsynced events may have been lost since.
    var hasLostSinceBackup = false
    /// On which the engine's jobs take turns, if they do.
    private var thread: SimulatedThread?
    let streams: [StreamID]
    /// What callers were told since the store was opened.
    let history = History()
    /// What the store held when it was opened: all of it is durable.
    var known: [RecordedEvent] = []
    var knownVersions: [StreamID: Int] = [:]
    /// Where streams began when the store was opened, of those that had released events.
    var knownReleases: [StreamID: History.KnownRelease] = [:]
    /// Appends of which callers do not know whether they were stored.
    var doubtful: [History.Append] = []
    /// How many faults had struck when the store was opened.
    var struckBefore = 0
    /// Whether a sync has failed since.
    var hasFailedSync = false
    /// Whether unsynced events may be gone: because of a failed sync, or because the power was.
    var mayHaveLostUnsynced = false

    package init(seed: UInt64) {
        self.seed = seed
        var randomness = SeededRandomness(seed: seed)
        device = SimulatedDevice(seed: randomness.next())
        backup = SimulatedDevice(seed: randomness.next())
        habits = Habits(using: &randomness)
        streams = (0..<habits.streamCount).map { number in
            StreamID(number % 3 == 0 ? "Order" : "Customer", UUID(using: &randomness))
        }
        options = StrataOptions(segmentBytes: 64 << 10, idleMarkDelay: nil)
        self.randomness = randomness
    }

    /// Lets what happens at a time take turns at calls of the device, as the simulation's schedule says.
    mutating func takeTurns() {
        thread = Simulation.thread as? SimulatedThread
        for device in [device, backup] { device.giveWay(to: thread) }
        tally.count("lives with turns")
    }

    /// Lives through so many operations, and checks what there is at the end.
    ///
    /// - Throws: the first ``Violation``.
    package mutating func run(operations: Int) async throws {
        var done = 0
        do {
            try await open()
            while done < operations { done += try await act() }
            try await end()
            tally.cases += 1
        } catch {
            throw Violation(
                "life \(seed), operation \(done), call \(device.calls), \(known.count) events known: \(error)")
        }
        tally.count("operations", done)
        tally.count("events", known.count)
        if let thread { tally.count("turns", thread.turns) }
    }

    /// Whether a failure is no wonder.
    var mayFail: Bool { hasFailedSync || device.struck.count > struckBefore }

    mutating func makeNewBackup() {
        backup = SimulatedDevice(seed: randomness.next())
        backup.giveWay(to: thread)
    }

    /// The device as another process reads it that runs beside this one.
    var deviceBeside: any Device { thread.map { TurnTakingDevice(base: device, thread: $0) } ?? device }
    var takesTurns: Bool { thread != nil }

    mutating func anyStream() -> StreamID {
        streams[number(0...streams.count - 1)]
    }

    /// A number in a range.
    mutating func number(_ range: ClosedRange<Int>) -> Int {
        Int.random(in: range, using: &randomness)
    }
}
