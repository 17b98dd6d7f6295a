import EventSourcing
import Strata
import StrataTesting

extension FuzzTarget {
    /// A compacted segment behind a byte whose bit 0 repairs the checksums of blocks.
    ///
    /// The only sealed segment of a store: it is verified, inspected, and read in all ways.
    package static let compacted = FuzzTarget(
        "compacted", .asynchronous { try await checkCompacted($0) }, expansionLimit: 255)

    private static let segment1 = SegmentIdentity(number: 1, generation: 1)

    private static func checkCompacted(_ bytes: [UInt8]) async throws {
        var input = FuzzInput(bytes)
        let repairs = input.byte() & 1 != 0
        var file = input.remainder()
        let binding = ChecksumBinding(
            storeID: StoreImage.storeID, kind: .compacted, number: 1, generation: segment1.generation)
        if repairs { ChecksumRepair.repairBlocks(&file, binding) }
        var image = StoreImage([])
        image.add(file, as: segment1.name)
        let manifest = Manifest(
            storeID: StoreImage.storeID, generation: 1, createdAt: .distantPast, sealed: [entry(of: file, binding)],
            active: 1 << 40)
        image.add(manifest.encoded(), as: StoreImage.manifestName)
        let device = SimulatedDevice(image.storage)
        _ = try? StrataStore.inspectSegment(segment1.name, on: device)
        let before = device.storage.contents
        do {
            let report = try StrataStore.verify(on: device)
            try check(report)
            let store = try await StrataStore.open(on: device, options: StrataOptions(access: .readOnly))
            try await checkReading(of: store, report)
        } catch is StrataError {}
        try require(device.storage.contents == before, "reading changes the store")
    }

    /// What the footer says of the segment; where there is none, something that cannot be right.
    private static func entry(of file: [UInt8], _ binding: ChecksumBinding) -> Manifest.SealedSegment {
        var entry = Manifest.SealedSegment(
            firstPosition: 1, lastPosition: 100, bytes: UInt64(file.count), eventCount: 1, commitCount: 1, digest: 0,
            generation: segment1.generation, contentLength: UInt64(file.count))
        guard
            let start = CompactedFooter.offset(fromTrailer: file.span.bytes), start >= 0,
            start <= file.count - Format.blockHeaderBytes,
            let footer = CompactedFooter(
                decoding: file.span.bytes.extracting(start + Format.blockHeaderBytes..<file.count), at: start)
        else { return entry }
        entry.lastPosition = min(max(1, footer.totals.lastPosition), 1 << 39)
        entry.eventCount = footer.totals.eventCount
        entry.commitCount = footer.totals.commitCount
        entry.contentLength = footer.totals.contentLength
        entry.digest = footer.totals.digest
        return entry
    }

    private static func checkReading(of store: StrataStore, _ report: VerificationReport) async throws {
        let forward: [RecordedEvent]
        let backward: [RecordedEvent]
        do {
            forward = try await store.events.readAll().collect()
            backward = try await store.events.readAll(direction: .backward).collect()
            for event in forward.prefix(20) {
                let found = try await store.events.event(withID: event.id)
                try require(found?.id == event.id, "an event cannot be found by its id")
            }
        } catch let error as EventStoreError {
            // Damage that was found while reading.
            return try require(error.code == .damaged, "reading fails: \(error)")
        }
        try require(forward.isSame(as: backward.reversed()), "reading backward shows other events")
    }
}
