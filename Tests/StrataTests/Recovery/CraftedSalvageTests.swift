import EventSourcing
import StrataTesting
import Testing

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
}
