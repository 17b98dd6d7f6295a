import FoundationEssentials
import Testing

@testable import EventSourcing

struct BackgroundSnapshotsTests {
    @Test func whatSomebodyWaitsForIsNotLeftOut() async {
        let snapshots = BackgroundSnapshots()
        let (first, last) = (Gate(), Gate())
        let (begun, stored) = (Collected<Int>(), Collected<Int>())
        let stream = StreamID("Tally", UUID())
        snapshots.begin(10, of: stream) {
            begun.append(10)
            await first.pass()
            stored.append(10)
        }
        while begun.all.isEmpty { await Task.yield() }
        snapshots.begin(20, of: stream) { stored.append(20) }
        let waiting = Task.immediate {
            _ = await snapshots.awaitAll()
            return stored.all
        }
        snapshots.begin(30, of: stream) {
            await last.pass()
            stored.append(30)
        }
        first.open()
        #expect(await waiting.value == [10, 20])
        last.open()
        _ = await snapshots.awaitAll()
        #expect(stored.all == [10, 20, 30])
    }
}
