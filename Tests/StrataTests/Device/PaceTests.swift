import EventSourcing
import Glibc
import StrataTesting
import Synchronization
import Testing

@testable import Strata

/// A job that is given a bandwidth keeps to it.
@Suite struct PaceTests {
    /// A clock that moves only when somebody sleeps.
    private final class StillClock: Sendable {
        let time = Mutex(Duration.zero)

        func pace(_ bytesPerSecond: Int?) -> Pace {
            Pace(
                bytesPerSecond: bytesPerSecond, now: { self.now },
                sleep: { pause in self.time.withLock { $0 += pause } })
        }

        var now: Duration { time.withLock { $0 } }
    }

    @Test func eachReadWaitsUntilTheBytesBeforeItHaveHadTheirTime() throws {
        let clock = StillClock()
        let pace = clock.pace(1_000)
        for expected in 0..<5 {
            try pace.waitForTurn()
            #expect(clock.now == .seconds(expected))
            pace.add(bytes: 1_000)
        }
    }

    @Test func timeOfRestIsNotMadeUpFor() throws {
        let clock = StillClock()
        let pace = clock.pace(1_000)
        pace.add(bytes: 1_000)
        clock.time.withLock { $0 = .seconds(100) }
        try pace.waitForTurn()
        pace.add(bytes: 2_000)
        try pace.waitForTurn()
        #expect(clock.now == .seconds(102))
    }

    @Test func withoutABandwidthNothingWaits() throws {
        let clock = StillClock()
        let pace = clock.pace(nil)
        pace.add(bytes: .max)
        try pace.waitForTurn()
        #expect(clock.now == .zero)
    }

    @Test func aStopEndsTheWaiting() {
        let pace = StillClock().pace(1)
        pace.add(bytes: 1 << 40)
        pace.stop()
        let error = #expect(throws: SystemError.self) { try pace.waitForTurn() }
        #expect(error?.number == ECANCELED)
    }

    @Test func everyByteOfAFileIsPacedAndReadInSmallPieces() throws {
        let clock = StillClock()
        let simulated = SimulatedDevice()
        let content = [UInt8](repeating: 7, count: 1_000_000)
        try StoreFile("file", .create, on: simulated).write(content.span.bytes, at: 0)
        let file = try StoreFile("file", .read, on: PacedDevice(simulated, clock.pace(1_000_000)))
        #expect(try file.read(content.count, at: 0) == content)
        // All pieces but the last have had their time: a read of 1 MB comes in four of at most 256 KiB.
        #expect(clock.now == .seconds(1) * (Double(3 * 262_144) / 1_000_000))
    }
}
