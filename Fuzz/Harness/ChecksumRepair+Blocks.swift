import Strata

extension ChecksumRepair {
    /// A compacted segment: its header, and all blocks that lie within it one behind the other.
    static func repairBlocks(_ bytes: inout [UInt8], _ binding: ChecksumBinding) {
        guard bytes.count >= Format.segmentHeaderBytes else { return }
        bytes.put(StoreImage.storeID.bigEndian, at: 16)
        repairSegmentHeader(&bytes)
        let magic = Array("SBLK".utf8)
        var offset = Format.segmentHeaderBytes
        while offset + Format.blockHeaderBytes <= bytes.count {
            let start = offset + Format.blockHeaderBytes
            let stored = Int(bytes.number(at: offset + 8, as: UInt32.self))
            let end = start + (stored + 7) & ~7
            guard bytes[offset..<offset + 4].elementsEqual(magic), end <= bytes.count else {
                offset += 8
                continue
            }
            bytes.put(Checksum.crc32c(bytes[start..<end]), at: offset + 16)
            let checksum = binding.checksum(of: Array(bytes[offset + 8..<start]).span.bytes, at: offset)
            bytes.put(checksum, at: offset + 4)
            offset = end
        }
    }
}
