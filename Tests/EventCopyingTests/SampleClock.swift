import EventSourcing
import Synchronization

/// Times long past, each a little later than the one before.
final class SampleClock: Sendable {
    private let ticks = Mutex<Int64>(0)

    func next() -> Timestamp {
        let tick = ticks.withLock { ticks in
            ticks += 1
            return ticks
        }
        return Timestamp(seconds: 1_000_000_000 + tick, nanoseconds: UInt32(tick % 1_000)) ?? .now()
    }
}
