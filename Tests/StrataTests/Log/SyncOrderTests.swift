import EventSourcing
import Foundation
import StrataTesting
import Synchronization
import Testing

@testable import Strata

/// What reaches the device, and in which order it is made durable: every sync has its place.
@Suite struct SyncOrderTests {
    private let device = SimulatedDevice()
    private let stream = StreamID("Order", UUID())
    private let options = StrataOptions(segmentBytes: 64 << 10, preallocatedBytes: 0, idleMarkDelay: nil)

    init() {
        device.keepCalls()
    }

    private func calls(_ body: () async throws -> Void) async throws -> [String] {
        try await device.changes(body)
    }

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

    private func frames() throws -> [SegmentInspection.Frame] {
        try StrataStore.inspectSegment(Self.segment, on: device).frames
    }

    private static let segment = "events/00000000000000000001.seg"

    private func snapshot(version: Int = 1, bytes: Int = 10) -> Snapshot {
        var randomness = SeededRandomness(seed: 1)
        return Snapshot(
            stream: stream, version: version, schemaVersion: 1, createdAt: .distantPast,
            state: Bytes(randomness.bytes(bytes)))
    }

    /// Calls one after the other; long sums of arrays take the compiler long.
    private static func sequence(_ parts: [String]...) -> [String] { parts.flatMap { $0 } }

    private static let installingTheManifest = replacing("MANIFEST")
    private static let takingTheLock = ["truncate LOCK", "write LOCK"]
    private static let opening = sequence(
        takingTheLock, ["syncDirectory .", "syncParent ."], installingTheManifest)

    @Test func aNewStore() async throws {
        var store: StrataStore?
        let calls = try await calls { store = try await open() }
        #expect(
            calls
                == Self.sequence(
                    ["create LOCK"], Self.takingTheLock,
                    [
                        "createDirectory events", "createDirectory snapshots", "createDirectory quarantine",
                        "syncDirectory .",
                    ], ["create events/1.seg", "write events/1.seg", "sync events/1.seg", "syncDirectory events"],
                    Self.installingTheManifest, ["syncDirectory .", "syncParent ."],
                    Self.installingTheManifest, ["sync events/1.seg", "syncDirectory events"]))
        try await store?.close()
    }

    @Test func anAppend() async throws {
        let store = try await open()
        #expect(try await calls { try await append(store) } == ["write events/1.seg", "sync events/1.seg"])
        #expect(try await calls { try await append(store) } == ["write events/1.seg", "sync events/1.seg"])
        try await store.close()
    }

    private static let marking = ["write events/1.seg", "sync events/1.seg"]
    /// That the store was closed in order, which nothing depends on once the power has been gone.
    private static let closing = ["write LOCK"]

    @Test func closingMarksTheEnd() async throws {
        let store = try await open()
        try await append(store)
        #expect(try await calls { try await store.close() } == Self.marking + Self.closing)
    }

    @Test func closingWhereNothingWasAppended() async throws {
        let store = try await open()
        #expect(try await calls { try await store.close() } == Self.closing)
    }

    @Test func anAppendBehindAMarkIsMarkedAgain() async throws {
        let first = try await open()
        try await append(first)
        try await first.close()
        let second = try await open()
        try await append(second)
        #expect(try await calls { try await second.close() } == Self.marking + Self.closing)
    }

    @Test func appendsThatDoNotWait() async throws {
        let store = try await open(.none)
        var last: AppendResult?
        #expect(try await calls { last = try await append(store) } == ["write events/1.seg"])
        let position = try #require(last?.lastPosition)
        #expect(try await calls { try await store.events.waitUntilDurable(position) } == ["sync events/1.seg"])
        // Now it is known to be durable.
        #expect(try await calls { try await store.events.waitUntilDurable(position) } == [])
        try await append(store)
        // A mark says that everything before it is durable: it must be.
        #expect(
            try await calls { try await store.close() }
                == ["sync events/1.seg"] + Self.marking + Self.closing)
    }

    @Test func anIntervalSyncsByItself() async throws {
        let store = try await open(.interval(.milliseconds(1)))
        try await append(store)
        while device.log.last(where: { $0.operation == .write || $0.operation == .sync })?.operation != .sync {
            await Task.yield()
        }
        try await store.close()
    }

    /// Whoever appends while another batch is written keeps the log busy: there is no moment without a next batch.
    @Test func anIntervalSyncsWhileAppendsGoOn() async throws {
        let device = SimulatedDevice()
        let store = try await StrataStore.open(
            on: device,
            options: StrataOptions(
                durability: .interval(.milliseconds(1)), segmentBytes: 1 << 30, preallocatedBytes: 0,
                idleMarkDelay: nil))
        let index = try #require(store.events.writer?.index)
        let appends = Atomic(0)
        let append: @Sendable () -> Void = {
            Task.immediate { try await store.events.append([sampleEvent()], to: sampleStream(), expecting: .noStream) }
        }
        device.beforeWrites {
            if index.durablePosition == 0, appends.wrappingAdd(1, ordering: .relaxed).newValue < 20_000 { append() }
        }
        append()
        while index.durablePosition == 0, appends.load(ordering: .relaxed) < 20_000 { await Task.yield() }
        #expect(index.durablePosition > 0)
        device.beforeCalls(nil)
        try await store.close()
    }

    @Test func openingAgain() async throws {
        let first = try await open()
        try await append(first)
        try await first.close()
        var second: StrataStore?
        let calls = try await calls { second = try await open() }
        // The mark is written again, because nothing says that it is durable itself; what stands before it is not.
        #expect(device.log.last { $0.operation == .write }?.offset == (try frames().last?.offset))
        #expect(
            calls == Self.sequence(Self.opening, ["write events/1.seg", "sync events/1.seg", "syncDirectory events"]))
        try await second?.close()
    }

    @Test func theNextSegment() async throws {
        let store = try await open()
        try await append(store, bytes: 40_000)
        #expect(
            try await calls { try await append(store, bytes: 40_000) }
                == Self.sequence(
                    ["write events/1.seg", "sync events/1.seg"],
                    ["create events/2.seg", "write events/2.seg", "sync events/2.seg", "syncDirectory events"],
                    Self.installingTheManifest,
                    // The index of the sealed segment can be made again, and is never synced.
                    ["create events/1.idx.new", "write events/1.idx.new", "rename events/1.idx.new"],
                    ["write events/2.seg", "sync events/2.seg"]))
        try await store.close()
    }

    @Test func aTornTail() async throws {
        let store = try await open()
        try await append(store)
        try await store.close()
        let file = try device.open("events/00000000000000000001.seg", .readWrite)
        let junk: [UInt8] = [1, 2, 3]
        _ = try file.write(junk.span.bytes, at: file.length())
        var healed: StrataStore?
        let calls = try await calls { healed = try await open() }
        #expect(
            calls
                == Self.sequence(
                    Self.opening, ["write events/1.seg", "sync events/1.seg", "syncDirectory events"],
                    ["createDirectory quarantine", "syncDirectory ."],
                    ["create Q", "write Q", "sync Q", "syncDirectory quarantine"].map {
                        $0.replacing("Q", with: Self.quarantined(in: calls))
                    }, ["truncate events/1.seg", "sync events/1.seg"]))
        try await healed?.close()
    }

    private static func quarantined(in calls: [String]) -> String {
        calls.compactMap { $0.firstMatch(of: /^create (quarantine.*)$/)?.1 }.first.map(String.init) ?? "none"
    }

    @Test func anAppendThatFindsNoRoom() async throws {
        let store = try await open()
        try await append(store)
        device.setRoom(40)
        let calls = try await calls {
            await #expect(throws: EventStoreError.self) { try await append(store, bytes: 400) }
        }
        // The last write is of zeros.
        #expect(
            calls
                == [
                    "write events/1.seg", "write events/1.seg", "write events/1.seg", "sync events/1.seg",
                    "truncate events/1.seg", "sync events/1.seg",
                ])
        device.setRoom(nil)
        // Everything before the cut was synced with it.
        #expect(try await self.calls { try await append(store) } == ["write events/1.seg", "sync events/1.seg"])
        try await store.close()
    }

    @Test func aCutMakesDurableWhatStandsBeforeIt() async throws {
        let store = try await open(.none)
        let first = try await append(store)
        device.setRoom(40)
        await #expect(throws: EventStoreError.self) { try await append(store, bytes: 400) }
        #expect(try await calls { try await store.events.waitUntilDurable(first.lastPosition) } == [])
        device.setRoom(nil)
        try await store.close()
    }

    @Test func snapshots() async throws {
        let store = try await open()
        try await append(store)
        #expect(
            try await calls { try await store.snapshots.save(snapshot()) }
                == Self.sequence(
                    ["create snapshots/1.seg", "write snapshots/1.seg"],
                    ["sync snapshots/1.seg", "syncDirectory snapshots", "write snapshots/1.seg"]))
        #expect(try await calls { try await store.snapshots.save(snapshot()) } == ["write snapshots/1.seg"])
        #expect(
            try await calls { _ = try await store.snapshots.delete(for: stream) }
                == ["write snapshots/1.seg", "sync snapshots/1.seg"])
        try await store.snapshots.save(snapshot())
        #expect(
            try await calls { try await store.close() }
                == Self.sequence(
                    ["sync snapshots/1.seg", "write snapshots/1.seg", "sync snapshots/1.seg"],
                    Self.marking, Self.closing))
    }

    @Test func aFullSegmentOfSnapshots() async throws {
        let store = try await open()
        try await append(store)
        try await store.snapshots.save(snapshot(bytes: 40_000))
        #expect(
            try await calls { try await store.snapshots.save(snapshot(bytes: 40_000)) }
                == Self.sequence(
                    ["sync snapshots/1.seg", "write snapshots/1.seg", "sync snapshots/1.seg"],
                    ["create snapshots/2.seg", "write snapshots/2.seg"],
                    ["sync snapshots/2.seg", "syncDirectory snapshots", "write snapshots/2.seg"]))
        try await store.close()
    }

    @Test func aSegmentOfSnapshotsThatIsContinued() async throws {
        let first = try await open()
        try await append(first)
        try await first.snapshots.save(snapshot())
        try await first.close()
        let second = try await open()
        let before = device.calls
        #expect(
            try await calls { try await second.snapshots.save(snapshot()) }
                == [
                    "write snapshots/1.seg", "sync snapshots/1.seg", "syncDirectory snapshots", "write snapshots/1.seg",
                ])
        // Of what stands there, only the mark is not known to be durable.
        let mark = try #require(
            try StrataStore.inspectSegment("snapshots/00000000000000000001.seg", on: device).frames.first {
                $0.kind == "mark"
            })
        let write = device.log.first { call in
            call.operation == .write && call.name.hasPrefix("snapshots/") && call.number > before
        }
        #expect(write?.offset == mark.offset)
        // And the next frame says that all before it is.
        let name = "snapshots/00000000000000000001.seg"
        let end = mark.offset + mark.length
        let bytes = try StoreFile(name, .read, on: device).read(Format.frameHeaderBytes, at: end)
        let storeID = try #require(try Manifest.read(from: device)).storeID
        let binding = ChecksumBinding(storeID: storeID, kind: .snapshots, number: 1)
        #expect(FrameHeader(decoding: bytes, at: end, binding: binding)?.durableMark == end)
        try await second.close()
    }

    @Test func aSnapshotThatFindsNoRoom() async throws {
        let store = try await open()
        try await append(store)
        try await store.snapshots.save(snapshot())
        device.setRoom(8)
        let calls = try await calls {
            await #expect(throws: EventStoreError.self) { try await store.snapshots.save(snapshot(bytes: 400)) }
        }
        #expect(
            calls
                == [
                    "write snapshots/1.seg", "write snapshots/1.seg", "write snapshots/1.seg", "sync snapshots/1.seg",
                    "truncate snapshots/1.seg", "sync snapshots/1.seg",
                ])
        device.setRoom(nil)
        try await store.close()
    }

    @Test func noSnapshotFollowsOnesThatCouldNotBeSynced() async throws {
        let store = try await open()
        try await append(store)
        try await store.snapshots.save(snapshot())
        device.inject([DeviceFault(atCall: device.calls, .failedSync(.reverted))])
        await #expect(throws: EventStoreError.self) { try await store.snapshots.delete(for: stream) }
        let calls = try await calls { try await store.snapshots.save(snapshot()) }
        #expect(calls.contains("create snapshots/2.seg"))
        try await store.close()
    }

    @Test func damagedSnapshotsMoveToQuarantine() async throws {
        let store = try await open()
        try await append(store)
        try await store.snapshots.save(snapshot())
        try await store.snapshots.delete(for: stream)
        try await store.close()
        let file = try device.open("snapshots/00000000000000000001.seg", .readWrite)
        let junk: [UInt8] = [0xFF, 0xFF]
        _ = try file.write(junk.span.bytes, at: 100)
        let calls = try await calls { _ = try StrataStore.recover(on: device, dryRun: false, options: options) }
        let linked = try #require(calls.firstIndex(of: "link quarantine/snapshots-1-0-1.seg"))
        #expect(
            Array(calls[(linked - 2)...(linked + 5)])
                == [
                    "createDirectory quarantine", "syncDirectory .", "link quarantine/snapshots-1-0-1.seg",
                    "syncDirectory quarantine",
                ] + removing("snapshots/1.seg", from: "snapshots"))
    }

    @Test func whatIsPurgedStaysAway() async throws {
        try await open().close()
        for name in ["first", "second"] { _ = try device.open("quarantine/\(name)", .create) }
        let calls = try await calls { _ = try Quarantine(device).purge() }
        #expect(calls == removing("quarantine/first", "quarantine/second", from: "quarantine"))
    }

    @Test func aRolloverThatOpeningCompletes() async throws {
        var segment = CraftedSegment()
        segment.append(EncodedCommit([sampleEvent()], of: stream), epoch: 1, position: 1)
        segment.appendFooter(epoch: 1, lastPosition: 1, events: 1, commits: 1)
        let device = try CraftedSegment.device([segment])
        let calls = try await device.changes { try await StrataStore.open(on: device, options: options).close() }
        let begin = try #require(calls.firstIndex(of: "create events/2.seg"))
        #expect(
            Array(calls[begin..<begin + 9])
                == ["create events/2.seg", "write events/2.seg", "sync events/2.seg", "syncDirectory events"]
                + Self.installingTheManifest)
    }

    @Test func aDirectoryThatAnUnfinishedCreationLeftGetsANewEntry() async throws {
        try device.createDirectory("events")
        let calls = try await calls { try await open().close() }
        #expect(
            Array(calls[3..<6]) == ["rename events", "rename events.new", "createDirectory events"])
    }
}
