extension Manifest {
    /// A segment that is not written to any more: as its footer described it, or as compaction made it.
    package struct SealedSegment: Hashable, Sendable {
        package var firstPosition: UInt64
        /// The end of the range that the segment stands for. Of a compacted segment, events at both ends of the range
        /// and in between may be gone.
        package var lastPosition: UInt64
        /// The file's length.
        package var bytes: UInt64
        package var eventCount: UInt64
        package var commitCount: UInt64
        package var digest: UInt32
        /// Which of the files of this first position it is: 0 as it was written, and of a compacted one a number above
        /// the manifest's generation when the file was begun.
        package var generation: UInt64
        /// The length of header and frames before they were compressed; the file's length if it is as written.
        package var contentLength: UInt64

        /// A segment as it was written.
        package init(
            firstPosition: UInt64, lastPosition: UInt64, bytes: UInt64, eventCount: UInt64, commitCount: UInt64,
            digest: UInt32
        ) {
            self.init(
                firstPosition: firstPosition, lastPosition: lastPosition, bytes: bytes, eventCount: eventCount,
                commitCount: commitCount, digest: digest, generation: 0, contentLength: bytes)
        }

        package init(
            firstPosition: UInt64, lastPosition: UInt64, bytes: UInt64, eventCount: UInt64, commitCount: UInt64,
            digest: UInt32, generation: UInt64, contentLength: UInt64
        ) {
            self.firstPosition = firstPosition
            self.lastPosition = lastPosition
            self.bytes = bytes
            self.eventCount = eventCount
            self.commitCount = commitCount
            self.digest = digest
            self.generation = generation
            self.contentLength = contentLength
        }

        package var isCompacted: Bool { generation != 0 }
    }
}

extension Manifest.SealedSegment {
    func encode(into bytes: inout [UInt8]) {
        bytes.append(number: firstPosition)
        bytes.append(number: lastPosition)
        bytes.append(number: self.bytes)
        bytes.append(number: eventCount)
        bytes.append(number: commitCount)
        bytes.append(number: digest)
        bytes.append((isCompacted ? SegmentKind.compacted : .events).rawValue)
        bytes.append(contentsOf: [0, 0, 0])
        bytes.append(number: generation)
        bytes.append(number: contentLength)
    }

    /// Reads an entry of 64 bytes; nil where no segment can be like that.
    init?(decoding entry: RawSpan) {
        self.init(
            firstPosition: entry.number(at: 0), lastPosition: entry.number(at: 8), bytes: entry.number(at: 16),
            eventCount: entry.number(at: 24), commitCount: entry.number(at: 32), digest: entry.number(at: 40),
            generation: entry.number(at: 48), contentLength: entry.number(at: 56))
        let kind: SegmentKind = isCompacted ? .compacted : .events
        guard
            entry.number(at: 44, as: UInt8.self) == kind.rawValue, entry.isZero(in: 45..<48), isPossible
        else { return nil }
    }

    /// Reads an entry of 48 bytes, of format version 1; nil where no segment can be like that.
    init?(version1 entry: RawSpan) {
        self.init(
            firstPosition: entry.number(at: 0), lastPosition: entry.number(at: 8), bytes: entry.number(at: 16),
            eventCount: entry.number(at: 24), commitCount: entry.number(at: 32), digest: entry.number(at: 40))
        guard entry.isZero(in: 44..<48), isPossible else { return nil }
    }

    /// Whether any segment can be like this; a crafted manifest may verify and still claim the impossible.
    private var isPossible: Bool {
        firstPosition >= 1 && lastPosition >= firstPosition && lastPosition < UInt64(Format.numberLimit)
            && eventCount <= lastPosition - firstPosition + 1 && commitCount <= eventCount
            && bytes <= UInt64(Format.longestSegment) && contentLength <= UInt64(Format.longestSegment)
            && contentLength >= UInt64(Format.segmentHeaderBytes)
            && eventCount < contentLength / UInt64(Format.eventHeaderBytes)
            && (isCompacted
                ? contentLength / UInt64(LZ4Block.highestRatio) <= bytes && (commitCount == 0) == (eventCount == 0)
                : contentLength == bytes && commitCount >= 1)
    }
}
