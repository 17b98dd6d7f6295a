package import EventSourcing

/// The segment that a sidecar was made for: where anything differs, the sidecar is of another one.
package struct SidecarBinding: Hashable, Sendable {
    package var storeID: UInt128
    /// The segment's first position.
    package var number: UInt64
    /// 0 for a segment as it was written, else the manifest's generation that installed the compacted file.
    package var generation: UInt64
    /// What the manifest says of the segment's content.
    package var digest: UInt32
    /// The segment's file as it was when all of it was known to be sound.
    package var identity: FileIdentity

    package init(storeID: UInt128, number: UInt64, generation: UInt64, digest: UInt32, identity: FileIdentity) {
        self.storeID = storeID
        self.number = number
        self.generation = generation
        self.digest = digest
        self.identity = identity
    }

    /// The checksum that a page's checksum continues.
    func seed(ofPage page: Int) -> UInt32 {
        var seed = Checksum.crc32c(UInt64(truncatingIfNeeded: storeID), continuing: digest)
        seed = Checksum.crc32c(number, continuing: seed)
        seed = Checksum.crc32c(generation, continuing: seed)
        return Checksum.crc32c(UInt64(page), continuing: seed)
    }
}

/// The parts of a sidecar behind its header, in the order in which they stand.
package enum SidecarSection: Int, Hashable, Sendable, CaseIterable {
    /// The aggregate types that the segment names.
    case types
    /// The truncations and tombstones in the segment.
    case releases
    /// Where the streams of a hash begin.
    case streamDirectory
    case streams
    /// The commits of each stream.
    case commits
    /// Where the events of a hash begin.
    case eventDirectory
    case events
    /// Cells of the filter of event ids.
    case filter
    /// Marks from which a walk through the segment can begin.
    case marks
}

/// What the segment holds as a whole.
package struct SidecarSummary: Hashable, Sendable {
    /// The offset behind the last frame that readers see.
    package var contentLength = 0
    package var eventCount = 0
    package var commitCount = 0
    /// The first event's position; 0 where there are no events.
    package var firstPosition = 0
    package var lastPosition = 0
    package var firstStoredAt = Timestamp.distantPast
    package var lastStoredAt = Timestamp.distantPast
}

/// The first bytes of a sidecar. Behind it stand the checksums of all pages, and then the sections.
package struct SidecarHeader: Hashable, Sendable {
    package var binding: SidecarBinding
    package var summary: SidecarSummary
    package var filter: BinaryFuseFilter.Shape
    package private(set) var fileLength: Int
    private var sections: [Range<Int>]

    /// - Parameter lengths: of the sections, in bytes.
    init(
        binding: SidecarBinding, summary: SidecarSummary, filter: BinaryFuseFilter.Shape, lengths: [Int]
    ) {
        self.binding = binding
        self.summary = summary
        self.filter = filter
        let content = lengths.reduce(0) { $0 + Format.aligned($1) }
        // The table of checksums makes the file longer, and so itself.
        var pages = 1
        while Self.contentStart(pages: pages) + content > pages * Format.sidecarPageBytes { pages += 1 }
        var next = Self.contentStart(pages: pages)
        fileLength = next + content
        sections = lengths.map { length in
            defer { next += Format.aligned(length) }
            return next..<next + length
        }
    }

    /// Where a section's bytes are.
    package func range(of section: SidecarSection) -> Range<Int> { sections[section.rawValue] }

    package var pageCount: Int { (fileLength + Format.sidecarPageBytes - 1) / Format.sidecarPageBytes }
    /// Where the sections begin, and with them what the checksums of pages cover.
    package var contentStart: Int { Self.contentStart(pages: pageCount) }

    private static func contentStart(pages: Int) -> Int {
        Format.sidecarHeaderBytes + Format.aligned(pages * 4)
    }

    /// The bytes of a page that its checksum covers.
    package func coverage(ofPage page: Int) -> Range<Int> {
        let start = page * Format.sidecarPageBytes
        let end = min(start + Format.sidecarPageBytes, fileLength)
        return min(end, max(start, contentStart))..<end
    }
}

extension SidecarHeader {
    /// The header and the checksums of the pages, to be put before the sections.
    ///
    /// - Parameter sections: the bytes from ``contentStart`` on.
    func encoded(before sections: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(contentStart)
        bytes.append(number: Format.sidecarMagic)
        bytes.append(number: Format.sidecarVersion)
        bytes.append(number: UInt16(0))
        bytes.append(number: UInt32(0))
        bytes.append(number: binding.storeID.bigEndian)
        bytes.append(number: binding.number)
        bytes.append(number: binding.generation)
        bytes.append(number: UInt64(fileLength))
        bytes.append(number: binding.digest)
        bytes.append(number: UInt32(0))
        bytes.append(number: binding.identity.node)
        bytes.append(number: binding.identity.change)
        bytes.append(number: UInt64(binding.identity.length))
        bytes.append(summary)
        bytes.append(number: filter.seed)
        bytes.append(number: filter.windowBits)
        bytes.append(number: filter.windows)
        for section in self.sections {
            bytes.append(number: UInt64(section.lowerBound))
            bytes.append(number: UInt64(section.count))
        }
        bytes.append(contentsOf: repeatElement(0, count: Format.sidecarHeaderBytes - bytes.count))
        let span = sections.span.bytes
        for page in 0..<pageCount {
            let range = coverage(ofPage: page)
            // The first pages of a long file hold nothing but checksums.
            let covered =
                range.isEmpty
                ? RawSpan() : span.extracting(range.lowerBound - contentStart..<range.upperBound - contentStart)
            bytes.append(number: Checksum.crc32c(covered, continuing: binding.seed(ofPage: page)))
        }
        bytes.padToAlignment()
        bytes.store(Self.checksum(of: bytes.span.bytes, to: bytes.count), at: 12)
        return bytes
    }

    private static func checksum(of bytes: RawSpan, to end: Int) -> UInt32 {
        Checksum.crc32c(bytes.extracting(16..<end), continuing: Checksum.crc32c(bytes.extracting(0..<12)))
    }

    /// Reads the header of a sidecar, and verifies it together with the checksums of the pages.
    ///
    /// - Returns: nil where it does not verify, or says what cannot be.
    package init?(decoding file: RawSpan) {
        guard
            file.byteCount >= Format.sidecarHeaderBytes,
            file.number(at: 0, as: UInt64.self) == Format.sidecarMagic,
            file.number(at: 8, as: UInt16.self) == Format.sidecarVersion,
            file.isZero(in: 10..<12), file.isZero(in: 60..<64),
            file.number(at: 48, as: UInt64.self) == UInt64(file.byteCount)
        else { return nil }
        fileLength = file.byteCount
        let start = Self.contentStart(
            pages: (file.byteCount + Format.sidecarPageBytes - 1) / Format.sidecarPageBytes)
        guard
            start <= file.byteCount,
            file.number(at: 12, as: UInt32.self) == Self.checksum(of: file, to: start),
            let length = Int(exactly: file.number(at: 80, as: UInt64.self)),
            let summary = SidecarSummary(decoding: file.extracting(88..<88 + SidecarSummary.bytes))
        else { return nil }
        binding = SidecarBinding(
            storeID: UInt128(bigEndian: file.number(at: 16, as: UInt128.self).littleEndian),
            number: file.number(at: 32), generation: file.number(at: 40), digest: file.number(at: 56),
            identity: FileIdentity(node: file.number(at: 64), change: file.number(at: 72), length: length))
        self.summary = summary
        filter = BinaryFuseFilter.Shape(
            seed: file.number(at: 144), windowBits: file.number(at: 152), windows: file.number(at: 156))
        guard filter.isValid else { return nil }
        sections = []
        var end = start
        for section in SidecarSection.allCases {
            let entry = Self.sectionsStart + section.rawValue * 16
            guard
                let sectionStart = Int(exactly: file.number(at: entry, as: UInt64.self)), sectionStart == end,
                let length = Int(exactly: file.number(at: entry + 8, as: UInt64.self)), length <= fileLength - end
            else { return nil }
            sections.append(end..<end + length)
            end += Format.aligned(length)
        }
        guard end == fileLength else { return nil }
    }

    private static let sectionsStart = 160

    /// The checksum of a page, as it stands behind the header.
    ///
    /// - Parameter file: the file that the header was read from.
    package static func checksum(ofPage page: Int, in file: RawSpan) -> UInt32 {
        file.number(at: Format.sidecarHeaderBytes + page * 4)
    }
}

extension SidecarSummary {
    static let bytes = 56

    fileprivate init?(decoding bytes: RawSpan) {
        guard
            let contentLength = Int(exactly: bytes.number(at: 0, as: UInt64.self)),
            contentLength <= Format.longestSegment,
            let eventCount = Int(exactly: bytes.number(at: 8, as: UInt32.self)),
            let commitCount = Int(exactly: bytes.number(at: 12, as: UInt32.self)),
            let firstPosition = Int(exactly: bytes.number(at: 16, as: UInt64.self)),
            let lastPosition = Int(exactly: bytes.number(at: 24, as: UInt64.self)),
            let firstStoredAt = Timestamp(seconds: bytes.number(at: 32), nanoseconds: bytes.number(at: 40)),
            let lastStoredAt = Timestamp(seconds: bytes.number(at: 44), nanoseconds: bytes.number(at: 52))
        else { return nil }
        self.init(
            contentLength: contentLength, eventCount: eventCount, commitCount: commitCount,
            firstPosition: firstPosition, lastPosition: lastPosition, firstStoredAt: firstStoredAt,
            lastStoredAt: lastStoredAt)
    }
}

extension [UInt8] {
    fileprivate mutating func append(_ summary: SidecarSummary) {
        append(number: UInt64(summary.contentLength))
        append(number: UInt32(summary.eventCount))
        append(number: UInt32(summary.commitCount))
        append(number: UInt64(summary.firstPosition))
        append(number: UInt64(summary.lastPosition))
        append(number: summary.firstStoredAt.seconds)
        append(number: summary.firstStoredAt.nanoseconds)
        append(number: summary.lastStoredAt.seconds)
        append(number: summary.lastStoredAt.nanoseconds)
    }
}
