import EventSourcing
import StrataTesting
import Testing

@testable import FuzzHarness
@testable import Strata

/// A sidecar speaks for the segment that the manifest lists, and for no other one.
@Suite struct SidecarStaleTests {
    private let options = StrataOptions(idleMarkDelay: nil)
    private let streams = (0..<400).map { _ in sampleStream() }
    private static let name = "events/00000000000000000001.seg"
    private static let sidecar = "events/00000000000000000001.idx"

    /// A sealed segment with an event of each stream.
    private func sealed(_ text: String) -> CraftedSegment {
        var segment = CraftedSegment()
        for (index, stream) in streams.enumerated() {
            segment.append(EncodedCommit([sampleEvent(text)], of: stream), epoch: 1, position: index + 1)
        }
        segment.appendFooter(epoch: 1, lastPosition: 400, events: 400, commits: 400)
        return segment
    }

    /// A device with a closed store of one sealed segment, which has its sidecar.
    private func makeStore() async throws -> SimulatedDevice {
        let device = try CraftedSegment.device([sealed("one"), CraftedSegment(number: 401)])
        try await StrataStore.open(on: device, options: options).close()
        #expect(device.storage.contents[Self.sidecar] != nil)
        return device
    }

    @Test func aSegmentThatWasCutIsDamageWhateverItsSidecarSays() async throws {
        let device = try await makeStore()
        let entry = try #require(try Manifest.read(from: device)?.sealed.first)
        let indexing = try SegmentIndexing(
            entry.identity, storeID: StoreImage.storeID, isSealed: true, on: device)
        let file = try StoreFile(Self.name, .readWrite, on: device)
        try file.truncate(to: file.length() - 8)
        // A forger gives it a sidecar that was made for the file as it is now.
        let sidecars = SidecarFiles(
            device: device, storeID: StoreImage.storeID, mayWrite: true, logger: options.logger)
        _ = try sidecars.make(of: indexing.index, entry, sidecars.identity(of: entry))
        sidecars.finish(entry.identity)
        let error = await #expect(throws: StrataError.self) {
            try await StrataStore.open(on: device, options: options)
        }
        #expect(error?.code == .damaged)
    }

    @Test func aSegmentWithMissingVersionsIsReadAtEveryOpening() async throws {
        let stream = streams[0]
        var segment = CraftedSegment()
        segment.append(EncodedCommit([sampleEvent()], of: stream), epoch: 1, position: 1)
        segment.append(EncodedCommit([sampleEvent()], of: stream), epoch: 1, position: 2, version: 4)
        let release = EncodedRelease(
            Release(firstLiveVersion: 4, isTruncated: true, isTombstoned: false), of: stream)
        segment.append(.truncation, epoch: 1, body: release.body) { frame in
            frame.aggregateTypeTag = release.aggregateTypeTag
            frame.aggregateID = stream.id.bits
            release.release.write(to: &frame)
        }
        segment.appendFooter(epoch: 1, lastPosition: 2, events: 2, commits: 2)
        let device = try CraftedSegment.device([segment, CraftedSegment(number: 3)])
        let store = try await StrataStore.open(on: device, options: options)
        let versions = try await store.events.readStream(stream).collect().map(\.version)
        #expect(versions == [4])
        #expect(device.storage.contents[Self.sidecar] == nil)
        try await store.close()
    }

    /// The same device with a bit flipped in the sidecar.
    private func withRottenSidecar(_ device: SimulatedDevice) throws -> SimulatedDevice {
        var storage = device.storage
        let bytes = try #require(storage[file: Self.sidecar])
        // In a page of streams alone: others are looked at when the store is opened.
        let streams = try #require(SidecarHeader(decoding: bytes)).range(of: .streams)
        let page = (streams.lowerBound / Format.sidecarPageBytes + 1) * Format.sidecarPageBytes
        try #require(page + Format.sidecarPageBytes <= streams.upperBound)
        storage[file: Self.sidecar] = bytes.with(bytes[page] ^ 4, at: page)
        return SimulatedDevice(storage)
    }

    /// Flips a bit in the header of the first stream's frame.
    private func damageFirstFrame(on device: SimulatedDevice) throws {
        let file = try StoreFile(Self.name, .readWrite, on: device)
        let place = Format.segmentHeaderBytes + 8
        let byte = try file.read(1, at: place)[0] ^ 4
        try file.write([byte].span.bytes, at: place)
    }

    @Test func nothingIsDecidedByWhatADamagedSegmentHasLeft() async throws {
        let device = try withRottenSidecar(await makeStore())
        let store = try await StrataStore.open(on: device, options: options)
        try damageFirstFrame(on: device)
        for stream in streams.dropFirst() {
            // Until the damage is found.
            guard
                let result = try? await store.events.append([sampleEvent()], to: stream, expecting: .any)
            else { continue }
            #expect(result.version == 2)
        }
        let first = streams[0]
        let imported: [ImportedChange] = [
            .commit(ImportedCommit([sampleEvent()], to: first, firstVersion: 1, storedAt: .distantPast)),
            .release(StreamStatus(version: 1, firstVersion: 2), of: first),
        ]
        let changes: [() async throws -> Void] = [
            { _ = try await store.events.append([sampleEvent()], to: first, expecting: .any) },
            { try await store.events.delete(first, mode: .tombstone, expecting: .any) },
            { try await store.events.importChanges([imported[0]]) },
            { try await store.events.importChanges([imported[1]]) },
        ]
        for change in changes {
            let error = await #expect(throws: EventStoreError.self) { try await change() }
            #expect(error?.code == .damaged)
        }
        #expect(try await store.events.readStream(streams[399]).collect().first?.version == 1)
        try await store.close()
    }

    @Test func noSnapshotIsTakenBackForWhatADamagedSegmentHasLeft() async throws {
        let device = try await makeStore()
        let entry = try #require(try Manifest.read(from: device)?.sealed.first)
        let sound = try SegmentIndexing(entry.identity, storeID: StoreImage.storeID, isSealed: true, on: device)
        var store = try await StrataStore.open(on: device, options: options)
        for stream in streams {
            try await store.snapshots.save(
                Snapshot(stream: stream, version: 1, schemaVersion: 1, createdAt: .distantPast, state: Bytes("{}")))
        }
        try await store.close()
        try damageFirstFrame(on: device)
        // The file looks as if nobody had touched it.
        let sidecars = SidecarFiles(device: device, storeID: StoreImage.storeID, mayWrite: true, logger: options.logger)
        _ = try sidecars.make(of: sound.index, entry, sidecars.identity(of: entry))
        sidecars.finish(entry.identity)
        let rotten = try withRottenSidecar(device)
        let error = await #expect(throws: StrataError.self) {
            store = try await StrataStore.open(on: rotten, options: options)
        }
        #expect(error?.code == .damaged)
        #expect(error?.damage.map(\.file) == [Self.name])
        var scan = SnapshotScan(storeID: StoreImage.storeID, on: rotten)
        try scan.run()
        #expect(scan.index.count == 400)
    }

    /// What a header claims under a right checksum, and the manifest does not: an offset and a number.
    private static let claims: [(Int, UInt64)] = [
        (88, 1 << 32), (96, 0x190_0000_018F), (96, 0x191_0000_0190), (104, 0), (104, 401), (104, 1 << 62), (112, 0),
        (112, 401), (112, 1 << 62),
    ]

    @Test(arguments: claims)
    func aSidecarThatSaysSomethingElseThanTheManifestIsMadeAnew(offset: Int, number: UInt64) async throws {
        let device = try await makeStore()
        let entry = try #require(try Manifest.read(from: device)?.sealed.first)
        var storage = device.storage
        let bytes = try #require(storage[file: Self.sidecar])
        let binding = try #require(SidecarHeader(decoding: bytes)).binding
        func load(_ bytes: [UInt8]) -> Sidecar? {
            storage[file: Self.sidecar] = bytes
            return SidecarFiles(
                device: SimulatedDevice(storage), storeID: StoreImage.storeID, mayWrite: true, logger: options.logger
            ).load(entry)
        }
        #expect(load(bytes.resealedPages(binding)) != nil)
        #expect(load(bytes.with(number, at: offset).resealedPages(binding)) == nil)
        let next = SimulatedDevice(storage)
        try await StrataStore.open(on: next, options: options).close()
        #expect(next.storage[file: Self.sidecar] == bytes)
    }

    @Test func aSegmentThatWasExchangedGetsNoSidecar() async throws {
        let rotten = try withRottenSidecar(await makeStore())
        let store = try await StrataStore.open(on: rotten, options: options)
        // The pages are made anew at their first use, of another segment now.
        let file = try StoreFile(Self.name, .readWrite, on: rotten)
        let other = sealed("two").bytes
        try #require(try file.length() == other.count)
        try file.write(other.span.bytes, at: 0)
        for stream in self.streams { _ = try? await store.events.readStream(stream).collect() }
        let error = await #expect(throws: EventStoreError.self) { try await store.allEvents() }
        #expect(error?.code == .damaged)
        try await store.close()
    }
}
