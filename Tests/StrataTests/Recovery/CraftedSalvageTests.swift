import EventSourcing
import StrataTesting
import Testing

@testable import FuzzHarness
@testable import Strata

/// What a salvage brings over is a log, whatever the order of what it reads.
@Suite struct CraftedSalvageTests {
    private let options = StrataOptions(segmentBytes: 64 << 10, idleMarkDelay: nil)

    private func salvage(_ source: SimulatedDevice) async throws -> (report: SalvageReport, events: [RecordedEvent]) {
        let target = SimulatedDevice(seed: 9)
        let report = try await StrataStore.salvage(from: source, into: target, options: options)
        #expect(try StrataStore.verify(on: target).isSound)
        let store = try await StrataStore.open(on: target, options: options)
        let events = try await store.allEvents()
        try await store.close()
        return (report, events)
    }

    @Test func aVersionThatStandsThereTwiceIsSavedOnce() async throws {
        let stream = sampleStream()
        let commits = ["first", "second"].map { EncodedCommit([sampleEvent($0)], of: stream) }
        var segment = CraftedSegment()
        segment.append(commits[0], epoch: 1, position: 1, version: 1)
        segment.append(commits[1], epoch: 1, position: 2, version: 1)
        let (report, events) = try await salvage(try CraftedSegment.device([segment]))
        #expect(report.events == 1)
        #expect(events.map(\.id.bits) == commits[0].eventIDs)
    }

    /// A store whose last commit's body does not verify, with a mark behind it.
    private func damagedAtTheEnd(_ positions: [Int]) throws -> SimulatedDevice {
        var segment = CraftedSegment()
        var last = 0
        for position in positions {
            last = segment.bytes.count
            segment.append(EncodedCommit([sampleEvent()], of: sampleStream()), epoch: 1, position: position)
        }
        let end = segment.bytes.count
        segment.append(.mark, epoch: 1) { $0.durableMark = end }
        var storage = try CraftedSegment.device([segment]).storage
        let name = "events/00000000000000000001.seg"
        let offset = last + Format.frameHeaderBytes + 8
        storage[file: name] = segment.bytes.with(segment.bytes[offset] ^ 1, at: offset)
        return SimulatedDevice(storage)
    }

    @Test func aLogWithoutEventsReservesNoPositions() async throws {
        let (report, events) = try await salvage(try damagedAtTheEnd([7]))
        #expect(report.lostPositions == [1...7] && events.isEmpty)
    }

    /// Where a forged log claims the last position there is, none is left behind it.
    @Test func theLastPositionThereIsIsNotReserved() async throws {
        let last = Format.numberLimit - 1
        let (report, events) = try await salvage(try damagedAtTheEnd([1, last]))
        #expect(report.lostPositions == [2...Position(last)] && events.count == 1)
    }

    /// What an opening cuts off as torn does not come back, although a file lies behind the segment that is appended to.
    @Test func aTornTailIsNotSavedWhateverLiesBehindIt() async throws {
        let device = SimulatedDevice(seed: 1)
        var options = options
        options.durability = .none
        let store = try await StrataStore.open(on: device, options: options)
        for _ in 1...2 { _ = try await store.events.append([sampleEvent()], to: sampleStream(), expecting: .noStream) }
        var storage = device.afterProcessDeath().storage
        let name = "events/00000000000000000001.seg"
        let bytes = try #require(storage[file: name])
        let first = try #require(
            try StrataStore.inspectSegment(name, on: device).frames.first { $0.kind == "commit" })
        storage[file: name] = bytes.with(bytes[first.offset] ^ 1, at: first.offset)
        storage[file: "events/00000000000000000009.seg"] = [UInt8](repeating: 0, count: 100)
        #expect(try StrataStore.verify(on: SimulatedDevice(storage)).tornTail?.offset == first.offset)
        let (report, events) = try await salvage(SimulatedDevice(storage))
        #expect(report.events == 0 && report.losses.isEmpty && events.isEmpty)
    }

    /// A compaction that was cut off leaves the old segments beside the new one, of which a block is damaged.
    @Test func positionsThatWerePassedAreNotGoneBackTo() async throws {
        let device = SimulatedDevice(seed: 1)
        let store = try await StrataStore.open(on: device, options: options)
        var randomness = SeededRandomness(seed: 1)
        for _ in 1...12 {
            // Text that does not get shorter.
            let event = sampleEvent(String(decoding: randomness.bytes(10_000).map { $0 % 64 + 0x30 }, as: UTF8.self))
            _ = try await store.events.append([event], to: sampleStream(), expecting: .noStream)
        }
        let old = device.storage.contents
        _ = try await store.compact().report()
        try await store.close()
        var storage = device.storage
        let compacted = try #require(storage.contents.keys.sorted().first { $0.contains("-") && $0.hasSuffix(".seg") })
        let bytes = try #require(storage[file: compacted])
        storage[file: compacted] = bytes.with(bytes[bytes.count / 4] ^ 1, at: bytes.count / 4)
        for (name, bytes) in old where name.hasSuffix(".seg") && storage[file: name] == nil {
            storage[file: name] = bytes
        }
        storage[file: "MANIFEST"] = nil
        let (_, events) = try await salvage(SimulatedDevice(storage))
        #expect(events.map(\.position) == events.map(\.position).sorted())
        #expect(events.count >= 11)
    }

    /// What a footer says of positions is asked for where a block is damaged, and behind the segment.
    @Test(arguments: [UInt64(Int.max), .max])
    func aFooterThatClaimsImpossiblePositionsLosesNoMoreThanIsDamaged(lastPosition: UInt64) async throws {
        let stream = sampleStream()
        var segment = CraftedCompactedSegment(
            (1...2).map { EncodedCommit([sampleEvent("\($0)")], of: stream) }, perBlock: 1)
        segment.frames[1].bodyChecksum = 1
        segment.totals.lastPosition = lastPosition
        let entry = Manifest.SealedSegment(
            firstPosition: 1, lastPosition: 8, bytes: UInt64(segment.encoded.count), eventCount: 2, commitCount: 2,
            digest: segment.totals.digest, generation: 2, contentLength: UInt64(segment.contentLength))
        let manifest = Manifest(
            storeID: StoreImage.storeID, generation: 2, createdAt: .distantPast, sealed: [entry], active: 9)
        var image = StoreImage([])
        image.add(segment.encoded, as: CraftedCompactedSegment.identity.name)
        image.addSegment(CraftedSegment(number: 9).bytes, kind: .events)
        image.add(manifest.encoded(), as: StoreImage.manifestName)
        let (report, events) = try await salvage(SimulatedDevice(image.storage))
        #expect(report.lostPositions == [2...8])
        #expect(events.map(\.position) == [1])
    }
}
