import Glibc
import Synchronization
import Testing

@testable import Strata

@Suite struct BackgroundThreadTests {
    /// What a job found out about its thread.
    private struct Place: Sendable {
        let number: Int
        let niceness: Int32
        let thread: UInt
    }

    private func place(_ number: Int) -> Place {
        Place(
            number: number, niceness: getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0),
            thread: UInt(pthread_self()))
    }

    @Test func jobsRunInTheirOrderOnOneThreadThatGivesWay() async {
        let thread = BackgroundThread()
        let places = Mutex<[Place]>([])
        await withCheckedContinuation { continuation in
            for number in 0..<100 {
                thread.async { places.withLock { $0.append(self.place(number)) } }
            }
            thread.async { continuation.resume() }
        }
        let found = places.withLock { $0 }
        #expect(found.map(\.number) == Array(0..<100))
        #expect(Set(found.map(\.thread)).count == 1)
        let own = getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0)
        #expect(own == 19 || found.allSatisfy { $0.niceness > own })
    }

    @Test func whatIsWaitingIsDoneWhenItsOwnerGoes() async {
        await withCheckedContinuation { continuation in
            let thread = BackgroundThread()
            thread.async { usleep(1_000) }
            thread.async { continuation.resume() }
        }
    }
}
