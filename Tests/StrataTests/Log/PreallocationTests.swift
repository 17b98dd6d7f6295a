import EventSourcing
import Foundation
import Glibc
import StrataTesting
import Testing

@testable import Strata

/// The active segment's file has room ahead of its end, and nothing depends on it.
@Suite struct PreallocationTests {
    private static let segment = "events/00000000000000000001.seg"
    private let device = SimulatedDevice()
    private let stream = StreamID("Order", UUID())
    private let options = StrataOptions(segmentBytes: 64 << 10, preallocatedBytes: 4_096, idleMarkDelay: nil)

    init() {
        device.keepCalls()
    }

    @discardableResult
    private func append(_ store: StrataStore, bytes: Int = 10) async throws -> AppendResult {
        try await store.events.append(
            [sampleEvent(String(repeating: "x", count: bytes))], to: stream, expecting: .any)
    }

    private func length(_ device: SimulatedDevice) -> Int? { device.storage.contents[Self.segment]?.count }

    /// How many events a store has in which nothing is damaged.
    private func soundEvents(on device: SimulatedDevice) async throws -> Int {
        let report = try StrataStore.verify(on: device)
        #expect(report.isSound && report.tornTail == nil, "\(report.damage)")
        let store = try await StrataStore.open(on: device, options: options)
        let count = try await store.allEvents().count
        try await store.close()
        return count
    }

    @Test func onlySomeAppendsExtendTheFile() async throws {
        let store = try await StrataStore.open(on: device, options: options)
        #expect(
            try await device.changes { try await append(store) }
                == ["extend events/1.seg", "write events/1.seg", "write events/1.seg", "sync events/1.seg"])
        #expect(try await device.changes { try await append(store) } == ["write events/1.seg", "sync events/1.seg"])
        // What is long in comparison is worth no zeros.
        #expect(
            try await device.changes { try await append(store, bytes: 5_000) }
                == ["extend events/1.seg", "write events/1.seg", "sync events/1.seg"])
        let end = try StrataStore.inspectSegment(Self.segment, on: device).frames.last { $0.kind == "commit" }
            .map { $0.offset + $0.length }
        #expect(length(device) == end.map { $0 + 4_096 })
        try await store.close()
    }

    @Test func closingGivesTheRoomBack() async throws {
        let store = try await StrataStore.open(on: device, options: options)
        try await append(store)
        #expect(
            try await device.changes { try await store.close() }
                == ["write events/1.seg", "sync events/1.seg", "truncate events/1.seg", "write LOCK"])
        #expect(try StrataStore.inspectSegment(Self.segment, on: device).frames.last?.kind == "mark")
        #expect(try await soundEvents(on: device.afterProcessDeath()) == 1)
    }

    @Test func aSealedSegmentHasNone() async throws {
        let store = try await StrataStore.open(on: device, options: options)
        try await append(store, bytes: 40_000)
        let calls = try await device.changes { try await append(store, bytes: 40_000) }
        #expect(calls.prefix(3) == ["write events/1.seg", "truncate events/1.seg", "sync events/1.seg"])
        #expect(try StrataStore.inspectSegment(Self.segment, on: device).frames.last?.kind == "footer")
        try await store.close()
        // And may have none.
        let end = try #require(length(device))
        try device.open(Self.segment, .readWrite).extend(to: end + 8)
        #expect(try StrataStore.verify(on: device).damage.map(\.offset) == [end])
    }

    @Test(arguments: [StrataOptions.DurabilityMode.none, .interval(.seconds(3_600))])
    func whereNothingIsSyncedNothingIsExtended(_ durability: StrataOptions.DurabilityMode) async throws {
        var options = options
        options.durability = durability
        let store = try await StrataStore.open(on: device, options: options)
        #expect(try await device.changes { try await append(store) } == ["write events/1.seg"])
        try await store.close()
    }

    @Test func whatIsLeftOfItAfterACrashIsNoTail() async throws {
        let store = try await StrataStore.open(on: device, options: options)
        try await append(store)
        for next in [device.afterProcessDeath(), SimulatedDevice(device.storage.afterTotalLoss)] {
            #expect(try await soundEvents(on: next) == 1)
            #expect(next.storage.contents.keys.allSatisfy { !$0.hasPrefix("quarantine/") })
        }
    }

    @Test func withoutRoomForItAppendsGoOn() async throws {
        let store = try await StrataStore.open(on: device, options: options)
        device.setRoom(2_000)
        #expect(
            try await device.changes { try await append(store) }
                == ["extend events/1.seg", "truncate events/1.seg", "write events/1.seg", "sync events/1.seg"])
        // Not asked for again before the next step.
        #expect(try await device.changes { try await append(store) } == ["write events/1.seg", "sync events/1.seg"])
        try await store.close()
        device.setRoom(nil)
        #expect(try await soundEvents(on: device.afterProcessDeath()) == 2)
    }

    @Test func zerosThatCannotBeWrittenAreNoReasonToFail() async throws {
        let store = try await StrataStore.open(on: device, options: options)
        let next = try #require(device.log.last?.number) + 1
        device.inject([DeviceFault(atCall: next + 1, .error(EIO))])
        #expect(
            try await device.changes { try await append(store) }
                == [
                    "extend events/1.seg", "write events/1.seg", "truncate events/1.seg", "write events/1.seg",
                    "sync events/1.seg",
                ])
        try await store.close()
        #expect(try await soundEvents(on: device.afterProcessDeath()) == 1)
    }

    @Test func roomThatCannotBeGivenBackLeavesTheSegmentOpen() async throws {
        let store = try await StrataStore.open(on: device, options: options)
        try await append(store, bytes: 40_000)
        let next = try #require(device.log.last?.number) + 1
        device.inject([DeviceFault(atCall: next + 1, .error(EFBIG))])
        let error = await #expect(throws: EventStoreError.self) { try await append(store, bytes: 40_000) }
        #expect(error?.code == .storageFull)
        try await append(store, bytes: 40_000)
        try await store.close()
        #expect(try await soundEvents(on: device.afterProcessDeath()) == 2)
    }

    /// The cut is lost with the pages of a sync that fails; the process that finds the footer is the last to write to the
    /// file.
    @Test func aCutThatNeverReachedTheDeviceIsMadeAgain() async throws {
        let store = try await StrataStore.open(on: device, options: options)
        try await append(store, bytes: 40_000)
        let next = try #require(device.log.last?.number) + 1
        device.inject([DeviceFault(atCall: next, .failedSync(.keptInCache))])
        await #expect(throws: EventStoreError.self) { try await append(store, bytes: 40_000) }
        let restarted = device.afterProcessDeath()
        #expect(try await soundEvents(on: restarted) == 1)
        let image = SimulatedDevice(restarted.storage.afterTotalLoss)
        #expect(try await soundEvents(on: image) == 1)
        #expect(try StrataStore.verify(on: image).segments == 2)
    }
}
