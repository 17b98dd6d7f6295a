import EventSourcing
import Foundation
import StrataTesting
import Testing

@testable import Strata

/// What the log says of its own durability is true, and is what readers, retries and later openings go by.
@Suite struct DurableMarkTests {
    private let device = SimulatedDevice()
    private let stream = StreamID("Order", UUID())
    private let options = StrataOptions(segmentBytes: 64 << 10, preallocatedBytes: 0, idleMarkDelay: nil)

    private func open(_ durability: StrataOptions.DurabilityMode = .commit) async throws -> StrataStore {
        var options = options
        options.durability = durability
        return try await StrataStore.open(on: device, options: options)
    }

    @discardableResult
    private func append(_ store: StrataStore, bytes: Int = 10, id: UUID = UUID()) async throws -> AppendResult {
        try await store.events.append(
            [sampleEvent(String(repeating: "x", count: bytes), id: id)], to: stream, expecting: .any)
    }

    private static let segment = "events/00000000000000000001.seg"

    private func frames() throws -> [SegmentInspection.Frame] {
        try StrataStore.inspectSegment(Self.segment, on: device).frames
    }

    @Test func framesSayWhatIsDurableAndNoMore() async throws {
        let store = try await open(.none)
        try await append(store)
        let second = try await append(store)
        try await store.events.waitUntilDurable(second.lastPosition)
        try await append(store)
        try await store.close()
        let frames = try frames()
        #expect(frames.map(\.kind) == ["open", "commit", "commit", "commit", "mark"])
        let synced = frames[3].offset
        #expect(frames.map(\.durableMark) == [64, 64, 64, synced, frames[4].offset])

        // The next frame's mark does not reach behind the first commit, but a later one's does: it was promised.
        let sound = device.storage
        let file = try device.open(Self.segment, .readWrite)
        // In the event's id, which never is all ones.
        let junk = [UInt8](repeating: 0xFF, count: 8)
        _ = try file.write(junk.span.bytes, at: frames[1].offset + 100)
        #expect(try StrataStore.verify(on: device).damage.map(\.offset) == [frames[1].offset])
        #expect(try StrataStore.verify(on: SimulatedDevice(sound)).isSound)
    }

    @Test func anAppendThatDidNotWaitShowsBesideItsWriter() async throws {
        let store = try await open(.none)
        try await append(store)
        let reader = try await StrataStore.open(on: device, options: StrataOptions(access: .readOnly))
        #expect(try await reader.allEvents().count == 1)
        try await reader.close()
        try await store.close()
    }

    @Test func whatWasAppendedDurablyIsKnownToBe() async throws {
        let store = try await open()
        let id = UUID()
        let result = try await append(store, id: id)
        #expect(try await device.changes { try await store.events.waitUntilDurable(result.lastPosition) } == [])
        // The second time it is a retry, which learns what became of the first.
        #expect(try await append(store, id: id).durability == .synced)
        try await store.close()
    }

    @Test func whatWasWaitedForIsKnownToBeDurable() async throws {
        let store = try await open(.none)
        let id = UUID()
        let result = try await append(store, id: id)
        #expect(try await append(store, id: id).durability == .written)
        try await store.events.waitUntilDurable(result.lastPosition)
        #expect(try await append(store, id: id).durability == .synced)
        try await store.close()
    }

    @Test func whatOpeningReadIsKnownToBeDurable() async throws {
        let first = try await open(.none)
        let id = UUID()
        try await append(first, id: id)
        let other = SimulatedDevice(device.storage.afterProcessDeath)
        let second = try await StrataStore.open(on: other, options: options)
        #expect(try await append(second, id: id).durability == .synced)
        try await second.close()
        try await first.close()
    }

    @Test func aFooterSaysOfNothingElseThatItIsDurable() async throws {
        let store = try await open(.none)
        for _ in 1...2 { try await append(store, bytes: 40_000) }
        let footer = try #require(try frames().last)
        #expect(footer.kind == "footer")
        #expect(footer.durableMark == Format.segmentHeaderBytes)
        try await store.close()
    }

    @Test func openingMarksALogThatDoesNotEndWithAMark() async throws {
        let first = try await open()
        for _ in 1...2 { try await append(first) }
        let other = device.afterProcessDeath()
        var second: StrataStore?
        let calls = try await other.changes { second = try await StrataStore.open(on: other, options: options) }
        // What was read is written again and synced, and then marked.
        #expect(
            Array(calls.suffix(5)) == [
                "write events/1.seg", "sync events/1.seg", "syncDirectory events", "write events/1.seg",
                "sync events/1.seg",
            ])
        try await second?.close()
        try await first.close()
    }

    @Test func aReaderBesideAWriterShowsWhatIsKnownToBeDurable() async throws {
        let store = try await open()
        for count in 0...2 {
            let reader = try await StrataStore.open(on: device, options: StrataOptions(access: .readOnly))
            #expect(try await reader.allEvents().count == max(0, count - 1))
            #expect(try await reader.events.version(of: stream) == max(0, count - 1))
            #expect(try await reader.events.readStream(stream).collect().count == max(0, count - 1))
            try await reader.close()
            try await append(store)
        }
        try await store.close()
    }
}
