import EventSourcing
import StrataTesting
import Synchronization
import Testing

@testable import Strata

/// A sidecar that is made anew while the store is open belongs to a segment that is there.
@Suite struct SidecarRepairTests {
    private let options = StrataOptions(segmentBytes: 64 << 10, idleMarkDelay: nil)

    /// A store with several sealed segments, and its index.
    private func fill(_ device: SimulatedDevice) async throws -> (LogIndex, storeID: UInt128) {
        let store = try await StrataStore.open(on: device, options: options)
        for _ in 0..<2_000 {
            _ = try await store.events.append([sampleEvent()], to: sampleStream(), expecting: .any)
        }
        try await store.close()
        let (log, sidecars) = try ReaderOpening(on: device, options: options).run()
        return (log.index, sidecars.storeID)
    }

    @Test(arguments: [false, true])
    func noneIsLeftOfASegmentThatIsReplacedMeanwhile(isReplaced: Bool) async throws {
        let base = SimulatedDevice()
        let (index, storeID) = try await fill(base)
        let segment = try #require(index.sealedSegments.first)
        let name = segment.entry.identity.sidecarName
        try base.remove(name)
        let device = InterferingDevice(base, before: name, access: .create) { _, _ in
            // Another segment stands for its positions.
            if isReplaced { index.state.withLock { $0.replaceSealed(0..<2, with: $0.sealed[1]) } }
        }
        let repair = SidecarRepair(
            index,
            SidecarFiles(device: device, storeID: storeID, mayWrite: true, logger: options.logger))
        try repair.run(segment)
        #expect(try base.list("events").contains { "events/" + $0 == name } == !isReplaced)
        #expect(try !base.list("events").contains { $0.hasSuffix(".new") })
    }

    @Test func aSegmentThatIsReplacedBeforeItIsReadIsNotDamaged() async throws {
        let base = SimulatedDevice()
        let (index, storeID) = try await fill(base)
        let segment = try #require(index.sealedSegments.first)
        let name = segment.entry.identity.name
        let device = InterferingDevice(base, before: name, access: .read) { device, _ in
            index.state.withLock { $0.replaceSealed(0..<2, with: $0.sealed[1]) }
            try? device.remove(name)
        }
        try SidecarRepair(
            index, SidecarFiles(device: device, storeID: storeID, mayWrite: true, logger: options.logger)
        ).run(segment)
        #expect(!index.isIncomplete)
    }
}
