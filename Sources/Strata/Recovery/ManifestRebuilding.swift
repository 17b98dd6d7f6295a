import EventSourcing

/// Makes a manifest again from what the segments say of themselves.
struct ManifestRebuilding {
    private let device: any Device

    init(_ device: any Device) {
        self.device = device
    }

    /// The manifest that the segments call for; nil where they do not fit together without a gap, or are damaged.
    ///
    /// Whether segments behind the last one are missing, nothing in the others tells.
    func manifest() throws(StrataError) -> Manifest? {
        let numbers = try Self.segments(on: device)
        guard let last = numbers.last, let first = try header(of: numbers[0]) else { return nil }
        var sealed: [Manifest.SealedSegment] = []
        for (number, next) in zip(numbers, numbers.dropFirst()) {
            guard let segment = try sealedSegment(number, first.storeID), segment.lastPosition + 1 == next
            else { return nil }
            sealed.append(segment)
        }
        guard try header(of: last)?.storeID == first.storeID else { return nil }
        return Manifest(
            storeID: first.storeID, generation: UInt64(sealed.count) + 1, createdAt: first.createdAt, sealed: sealed,
            active: last)
    }

    /// The segments of events that there are, by number.
    static func segments(on device: any Device) throws(StrataError) -> [UInt64] {
        guard try device.kindOrFail(of: StoreLayout.events) == .directory else { return [] }
        return try device.listOrFail(StoreLayout.events).compactMap { StoreLayout.number(ofSegment: $0) }.sorted()
    }

    /// The header of a segment of events; nil where it does not verify.
    func header(of number: UInt64) throws(StrataError) -> SegmentHeader? {
        let file = try StoreFile(StoreLayout.eventSegment(number), .read, on: device)
        let bytes = try file.read(Format.segmentHeaderBytes, at: 0)
        guard
            let header = try? SegmentHeader(decoding: bytes.span.bytes), header.kind == .events,
            header.number == number
        else { return nil }
        return header
    }

    private func sealedSegment(_ number: UInt64, _ storeID: UInt128) throws(StrataError) -> Manifest.SealedSegment? {
        var scanner = SegmentScanner(
            SegmentIdentity(number: number), storeID: storeID, isSealed: true, on: device)
        let scan = try scanner.run { _, _, _ in }
        guard scan.damage.isEmpty, scan.commitCount > 0 else { return nil }
        return Manifest.SealedSegment(
            firstPosition: number, lastPosition: UInt64(scan.lastPosition), bytes: UInt64(scan.bytes),
            eventCount: UInt64(scan.eventCount), commitCount: UInt64(scan.commitCount), digest: scan.digest.value)
    }
}
