import EventSourcing
import StrataTesting
import Testing

@testable import FuzzHarness
@testable import Strata

/// What a forger puts into a store's only segment, under right checksums, neither takes the process down nor makes the
/// store lose what it acknowledges afterwards.
@Suite struct CraftedSegmentTests {
    private let options = StrataOptions(idleMarkDelay: nil)

    /// A device with one segment, which the manifest calls the active one.
    private func device(
        _ number: UInt64, _ commits: [EncodedCommit] = [], isSealed: Bool = false, generation: UInt64 = 1
    ) -> SimulatedDevice {
        var image = StoreImage([])
        image.addSegment(EncodedSegment(number: number, commits: commits, isSealed: isSealed).bytes, kind: .events)
        let manifest = Manifest(
            storeID: StoreImage.storeID, generation: generation, createdAt: .distantPast, sealed: [], active: number)
        image.add(manifest.encoded(), as: StoreImage.manifestName)
        return SimulatedDevice(image.storage)
    }

    private let commit = EncodedCommit([sampleEvent()], of: sampleStream())

    @Test func positionsBeginWithTheNumberOfAnEmptySegment() async throws {
        let device = device(343)
        let store = try await StrataStore.open(on: device, options: options)
        let result = try await store.events.append([sampleEvent()], to: sampleStream(), expecting: .noStream)
        #expect(result.firstPosition == 343)
        try await store.close()
        let reopened = try await StrataStore.open(on: device, options: options)
        #expect(try await reopened.allEvents().map(\.position) == [343])
        try await reopened.close()
    }

    @Test func anAppendBehindTheLastPositionIsRefused() async throws {
        let device = device(UInt64(Format.numberLimit) - 2)
        let store = try await StrataStore.open(on: device, options: options)
        _ = try await store.events.append([sampleEvent()], to: sampleStream(), expecting: .noStream)
        let error = await #expect(throws: EventStoreError.self) {
            try await store.events.append([sampleEvent()], to: sampleStream(), expecting: .noStream)
        }
        #expect(error?.code == .storageFull)
        try await store.close()
        let reopened = try await StrataStore.open(on: device, options: options)
        #expect(try await reopened.allEvents().count == 1)
        try await reopened.close()
    }

    @Test func aSegmentThatIsSealedWithoutEventsIsDamage() async throws {
        let device = device(1, isSealed: true)
        let before = device.storage.contents
        #expect(try StrataStore.verify(on: device).damage.count == 1)
        let error = await #expect(throws: StrataError.self) {
            try await StrataStore.open(on: device, options: options)
        }
        #expect(error?.code == .damaged)
        #expect(device.storage.contents.filter { $0.key != "LOCK" } == before)
    }

    @Test func noSegmentFollowsTheOneWithTheLastPosition() async throws {
        let device = device(UInt64(Format.numberLimit) - 1, [commit], isSealed: true)
        let error = await #expect(throws: StrataError.self) {
            try await StrataStore.open(on: device, options: options)
        }
        #expect(error?.code == .storageFull)
        #expect(try StrataStore.verify(on: device).isSound)
    }

    @Test func aCompactionDoesNotSealTheSegmentWithTheLastPosition() async throws {
        let device = device(UInt64(Format.numberLimit) - 1, [commit])
        let store = try await StrataStore.open(on: device, options: options)
        try await store.events.delete(commit.stream, mode: .tombstone, expecting: .any)
        _ = try await store.compact(CompactionOptions()).report()
        let log = try #require(store.events.writer?.log)
        await #expect(throws: LogFailure.self) { try await log.rollOver(to: UInt64(Format.numberLimit)) }
        try await store.close()
        let reopened = try await StrataStore.open(on: device, options: options)
        #expect(try await reopened.events.status(of: commit.stream).isTombstoned)
        try await reopened.close()
    }

    @Test func noManifestFollowsTheOneWithTheLastGeneration() async throws {
        let sealed = device(1, [commit], isSealed: true, generation: Format.generationLimit - 1)
        let error = await #expect(throws: StrataError.self) {
            try await StrataStore.open(on: sealed, options: options)
        }
        #expect(error?.code == .storageFull)
        #expect(try StrataStore.verify(on: sealed).isSound)

        let device = device(1, [commit], generation: Format.generationLimit - 1)
        let store = try await StrataStore.open(on: device, options: options)
        try await store.events.delete(commit.stream, mode: .tombstone, expecting: .any)
        let full = await #expect(throws: StrataError.self) {
            _ = try await store.compact(CompactionOptions()).report()
        }
        #expect(full?.code == .storageFull)
        _ = try await store.events.append([sampleEvent()], to: sampleStream(), expecting: .noStream)
        try await store.close()
        let reopened = try await StrataStore.open(on: device, options: options)
        #expect(try await reopened.allEvents().count == 1)
        try await reopened.close()
    }

    /// A store whose active segment ends with a footer, as a crash within a rollover leaves it, and with something more.
    private func deviceWithFooter(before rest: [UInt8]) -> (device: SimulatedDevice, footerEnd: Int) {
        var image = StoreImage([])
        let bytes = EncodedSegment(number: 1, commits: [commit], isSealed: true).bytes
        image.addSegment(bytes + rest, kind: .events)
        let manifest = Manifest(
            storeID: StoreImage.storeID, generation: 1, createdAt: .distantPast, sealed: [], active: 1)
        image.add(manifest.encoded(), as: StoreImage.manifestName)
        return (SimulatedDevice(image.storage), bytes.count)
    }

    @Test func nothingStandsBehindAFooter() throws {
        let (device, footerEnd) = deviceWithFooter(before: [0, 0, 0, 0, 0, 0, 0, 1])
        let report = try StrataStore.verify(on: device)
        #expect(report.damage.map(\.offset) == [footerEnd])
    }

    @Test func zerosBehindAFooterAreRoomThatWasNotGivenBack() async throws {
        let (device, footerEnd) = deviceWithFooter(before: [UInt8](repeating: 0, count: 8))
        #expect(try StrataStore.verify(on: device).isSound)
        let store = try await StrataStore.open(on: device, options: options)
        #expect(try await store.allEvents().count == 1)
        try await store.close()
        #expect(device.storage.contents["events/00000000000000000001.seg"]?.count == footerEnd)
        let report = try StrataStore.verify(on: device)
        #expect(report.isSound && report.segments == 2, "\(report.damage)")
    }
}
