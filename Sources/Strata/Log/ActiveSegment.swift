import EventSourcing

/// The segment that is appended to.
struct ActiveSegment: Sendable {
    let file: StoreFile
    let header: SegmentHeader
    let binding: ChecksumBinding
    /// Where the next frame goes.
    var end: Int
    /// Everything below is durable.
    var syncedEnd: Int
    /// The epoch of the last frame.
    var epoch: UInt64
    var digest: SegmentDigest
    var eventCount: Int
    var commitCount: Int
    var lastPosition: Int
    /// Whether the last frame says that everything before it is durable.
    var isMarked: Bool

    /// Continues a segment that was walked to its end, and is durable up to there.
    init(continuing scan: SegmentScan, header: SegmentHeader, file: StoreFile) {
        self.file = file
        self.header = header
        binding = header.binding
        end = scan.end
        syncedEnd = scan.end
        epoch = scan.epoch
        digest = scan.digest
        eventCount = scan.eventCount
        commitCount = scan.commitCount
        lastPosition = scan.lastPosition
        isMarked = scan.endsWithMark
    }

    private init(header: SegmentHeader, encodedHeader: [UInt8], file: StoreFile) {
        self.file = file
        self.header = header
        binding = header.binding
        end = Format.segmentHeaderBytes
        syncedEnd = end
        epoch = header.epoch
        digest = SegmentDigest(segmentHeader: encodedHeader.span.bytes)
        eventCount = 0
        commitCount = 0
        lastPosition = Int(header.number) - 1
        isMarked = true
    }

    /// Makes an empty segment, durable in itself and in its directory.
    ///
    /// A file of that name is left over from an attempt that failed: no manifest has ever named it.
    static func create(
        number: UInt64, storeID: UInt128, epoch: UInt64, in directory: SegmentDirectory
    ) throws(StrataError) -> ActiveSegment {
        let device = directory.device
        let name = StoreLayout.eventSegment(number)
        let header = SegmentHeader(
            kind: .events, storeID: storeID, number: number, epoch: epoch, createdAt: device.now())
        let encoded = header.encoded()
        let failures = directory.failures
        try device.removeIfPresent(name)
        let file = try StoreFile(name, .create, on: device)
        do {
            try file.write(encoded.span.bytes, at: 0)
            try file.sync()
            try directory.sync(since: failures)
        } catch {
            try? device.removeIfPresent(name)
            throw error
        }
        return ActiveSegment(header: header, encodedHeader: encoded, file: file)
    }

    /// Appends a frame to a buffer of frames that will be written at the segment's end.
    mutating func append(_ header: FrameHeader, body: [UInt8], to buffer: inout [UInt8]) {
        let start = buffer.count
        header.encode(into: &buffer, at: end, binding: binding)
        if header.kind != .footer {
            digest.add(frameHeader: buffer.span.bytes.extracting(start..<start + Format.frameHeaderBytes))
        }
        buffer.append(contentsOf: body)
        end += header.frameLength
    }

    /// What the manifest says of the segment once it is sealed.
    func manifestEntry(digest: UInt32) -> Manifest.SealedSegment {
        Manifest.SealedSegment(
            firstPosition: header.number, lastPosition: UInt64(lastPosition), bytes: UInt64(end),
            eventCount: UInt64(eventCount), commitCount: UInt64(commitCount), digest: digest)
    }
}

/// Why the log could not take something.
enum LogFailure: Error {
    /// The log is as it was before; later appends may work.
    case undone(StrataError)
    /// What is on the device is not known: the writer stops, and only opening the store again goes on.
    case final(StrataError)

    var error: StrataError {
        switch self {
        case .undone(let error), .final(let error): error
        }
    }
}
