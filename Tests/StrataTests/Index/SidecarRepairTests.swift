import EventSourcing
import StrataTesting
import Synchronization
import Testing

@testable import Strata

/// A sidecar that is made anew while the store is open belongs to a segment that is there.
@Suite struct SidecarRepairTests {
    @Test(arguments: [false, true])
    func noneIsLeftOfASegmentThatIsReplacedMeanwhile(isReplaced: Bool) async throws {
        let base = SimulatedDevice()
        let options = StrataOptions(segmentBytes: 64 << 10, idleMarkDelay: nil)
        let store = try await StrataStore.open(on: base, options: options)
        for _ in 0..<2_000 {
            _ = try await store.events.append([sampleEvent()], to: sampleStream(), expecting: .any)
        }
        try await store.close()
        let (log, sidecars) = try ReaderOpening(on: base, options: options).run()
        let (index, segment) = (log.index, try #require(log.index.sealedSegments.first))
        let name = segment.entry.identity.sidecarName
        try base.remove(name)
        let device = InterferingDevice(base, before: name, access: .create) { _, _ in
            // Another segment stands for its positions.
            if isReplaced { index.state.withLock { $0.replaceSealed(0..<2, with: $0.sealed[1]) } }
        }
        let repair = SidecarRepair(
            index,
            SidecarFiles(device: device, storeID: sidecars.storeID, mayWrite: true, logger: options.logger))
        try repair.run(segment)
        #expect(try base.list("events").contains { "events/" + $0 == name } == !isReplaced)
        #expect(try !base.list("events").contains { $0.hasSuffix(".new") })
    }
}
