/// Which file a segment of events is: as it was written, or as one of the compactions of its first position made it.
package struct SegmentIdentity: Hashable, Sendable {
    /// The segment's first position.
    package let number: UInt64
    /// 0 as it was written; see ``Manifest/SealedSegment/generation``.
    package let generation: UInt64

    package init(number: UInt64, generation: UInt64 = 0) {
        self.number = number
        self.generation = generation
    }

    /// The segment that a file in the directory of events has the name of; nil for any other name.
    package init?(fileName: String) {
        guard fileName.hasSuffix(StoreLayout.segmentSuffix) else { return nil }
        let parts = fileName.dropLast(StoreLayout.segmentSuffix.count).split(
            separator: "-", omittingEmptySubsequences: false)
        guard
            parts.count <= 2, let number = StoreLayout.number(ofDigits: parts[0]),
            let generation = parts.count == 1 ? 0 : StoreLayout.generation(ofDigits: parts[1])
        else { return nil }
        self.init(number: number, generation: generation)
    }

    package var isCompacted: Bool { generation != 0 }
    package var kind: SegmentKind { isCompacted ? .compacted : .events }
    /// The file's name, relative to the store.
    package var name: String { StoreLayout.eventSegment(number, generation: generation) }

    func binding(storeID: UInt128) -> ChecksumBinding {
        ChecksumBinding(storeID: storeID, kind: kind, number: number, generation: generation)
    }
}

extension SegmentIdentity: Comparable {
    /// By first position, and of one first position the newest first.
    package static func < (first: SegmentIdentity, second: SegmentIdentity) -> Bool {
        (first.number, second.generation) < (second.number, first.generation)
    }
}

extension Manifest.SealedSegment {
    package var identity: SegmentIdentity { SegmentIdentity(number: firstPosition, generation: generation) }
}

extension Manifest {
    /// Whether a segment is part of the log.
    package func lists(_ segment: SegmentIdentity) -> Bool {
        segment == SegmentIdentity(number: active) || sealed(coveringPosition: segment.number)?.identity == segment
    }

    /// Whether a segment that is not part of the log stands for nothing that is not in the log all the same: what a
    /// compaction has not finished, or has replaced.
    package func hasReplaced(_ segment: SegmentIdentity) -> Bool {
        // No compaction has come to what stands behind the active segment; there the manifest is the older one.
        guard segment.number < active else { return false }
        return segment.isCompacted || sealed(coveringPosition: segment.number)?.isCompacted ?? false
    }

    /// The sealed segment that stands for a position; nil where there is none. O(log segments).
    private func sealed(coveringPosition position: UInt64) -> SealedSegment? {
        guard let index = sealed.partitionPoint(where: { $0.lastPosition < position }) else { return nil }
        return sealed[index].firstPosition <= position ? sealed[index] : nil
    }
}
