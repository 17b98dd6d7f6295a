import CStrata

/// CRC-32C: the Castagnoli polynomial of RFC 3720, which processors compute with one instruction.
package enum Checksum {
    /// The checksum of bytes, continuing from an earlier one.
    package static func crc32c(_ bytes: RawSpan, continuing checksum: UInt32 = 0) -> UInt32 {
        // Safe: the pointer is used only during the call.
        bytes.withUnsafeBytes { strata_crc32c(checksum, $0.baseAddress, $0.count) }
    }

    static func crc32c(_ number: UInt64, continuing checksum: UInt32) -> UInt32 {
        withUnsafeBytes(of: number.littleEndian) { strata_crc32c(checksum, $0.baseAddress, $0.count) }
    }
}

/// What ties a file's checksums to that file, so that bytes which belong elsewhere do not verify here.
package struct ChecksumBinding: Hashable, Sendable {
    private let seed: UInt32

    /// - Parameters:
    ///   - storeID: the store that the file belongs to.
    ///   - kind: what the file holds.
    ///   - number: the segment's first position or number.
    ///   - generation: of a compacted segment; others have none.
    package init(storeID: UInt128, kind: SegmentKind, number: UInt64, generation: UInt64 = 0) {
        // The id's bytes in their written order, as they stand in the segment's header.
        var seed = Checksum.crc32c(UInt64(truncatingIfNeeded: storeID >> 64).byteSwapped, continuing: 0)
        seed = Checksum.crc32c(UInt64(truncatingIfNeeded: storeID).byteSwapped, continuing: seed)
        seed = Checksum.crc32c(UInt64(kind.rawValue), continuing: seed)
        seed = Checksum.crc32c(number, continuing: seed)
        self.seed = kind == .compacted ? Checksum.crc32c(generation, continuing: seed) : seed
    }

    /// The checksum of bytes at an offset of the file.
    package func checksum(of bytes: RawSpan, at offset: Int) -> UInt32 {
        Checksum.crc32c(bytes, continuing: Checksum.crc32c(UInt64(offset), continuing: seed))
    }
}

/// What a segment file holds.
package enum SegmentKind: UInt8, Hashable, Sendable {
    case events = 1
    case snapshots = 2
    /// Events, as compaction has rewritten them.
    case compacted = 3
}
