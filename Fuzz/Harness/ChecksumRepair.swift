import Strata

/// Puts right checksums under whatever bytes an input has: a fuzzer finds no checksum by itself, and would never get
/// past the first one.
struct ChecksumRepair {
    /// What is put right beyond checksums.
    struct Options: OptionSet {
        let rawValue: UInt8

        /// Frames follow one another: epochs, positions and durable marks are as a writer would have set them.
        static let order = Options(rawValue: 1)
        /// Footers describe what stands before them.
        static let footers = Options(rawValue: 2)
        /// Frames and headers have their magic.
        static let magic = Options(rawValue: 4)
    }

    private static let segmentHeaderBytes = Format.segmentHeaderBytes
    private static let frameHeaderBytes = Format.frameHeaderBytes
    private static let frameMagic: [UInt8] = Array("SFRM".utf8)

    /// A manifest.
    static func repairManifest(_ bytes: inout [UInt8]) {
        guard bytes.count >= 64 else { return }
        bytes.put(checksum(of: bytes[16...], after: bytes[..<12]), at: 12)
    }

    /// A sidecar: its length, its pages' checksums, and its header's.
    static func repairSidecar(_ bytes: inout [UInt8]) {
        let page = Format.sidecarPageBytes
        let pages = (bytes.count + page - 1) / page
        let contentStart = Format.sidecarHeaderBytes + (pages * 4 + 7) / 8 * 8
        guard bytes.count >= contentStart else { return }
        bytes.replaceSubrange(0..<12, with: Array("STRATIDX".utf8) + [1, 0, 0, 0])
        bytes.put(UInt64(bytes.count), at: 48)
        let storeID = bytes.number(at: 16, as: UInt128.self).byteSwapped
        var seed: [UInt8] = [UInt8](littleEndian: UInt64(truncatingIfNeeded: storeID))
        seed += bytes[32..<40] + bytes[40..<48]
        let digest: UInt32 = bytes.number(at: 56)
        for number in 0..<pages {
            let start = max(number * page, contentStart)
            let end = max(start, min(bytes.count, (number + 1) * page))
            let bound = Checksum.crc32c((seed + [UInt8](littleEndian: UInt64(number))).span.bytes, continuing: digest)
            let checksum = Checksum.crc32c(Array(bytes[start..<end]).span.bytes, continuing: bound)
            bytes.put(checksum, at: Format.sidecarHeaderBytes + number * 4)
        }
        bytes.put(checksum(of: bytes[16..<contentStart], after: bytes[..<12]), at: 12)
    }

    /// A segment's header; the rest stays as it is.
    static func repairSegmentHeader(_ bytes: inout [UInt8]) {
        guard bytes.count >= segmentHeaderBytes else { return }
        bytes.put(checksum(of: bytes[16..<segmentHeaderBytes], after: bytes[..<12]), at: 12)
    }

    /// A segment: its header and all frames that lie within it one behind the other.
    static func repairSegment(_ bytes: inout [UInt8], _ options: Options) {
        guard bytes.count >= segmentHeaderBytes else { return }
        if options.contains(.magic) {
            bytes.replaceSubrange(0..<10, with: Array("STRATSEG".utf8) + [1, 0])
            bytes.put(UInt8(0), at: 11)
        }
        repairSegmentHeader(&bytes)
        var repair = ChecksumRepair(bytes, options)
        var offset = segmentHeaderBytes
        while offset + frameHeaderBytes <= bytes.count {
            offset += repair.repairFrame(&bytes, at: offset) ?? 8
        }
    }

    /// A frame by itself that is to stand at an offset of a segment.
    static func repairFrame(_ frame: inout [UInt8], at offset: Int, _ binding: ChecksumBinding) {
        guard frame.count >= frameHeaderBytes else { return }
        let bodyEnd = frameHeaderBytes + Int(frame.number(at: 8, as: UInt32.self))
        repairTag(&frame, at: 0, bodyEnd: min(bodyEnd, frame.count))
        if bodyEnd <= frame.count { frame.put(Checksum.crc32c(frame[frameHeaderBytes..<bodyEnd]), at: 12) }
        frame.put(binding.checksum(of: Array(frame[8..<frameHeaderBytes]).span.bytes, at: offset), at: 4)
    }

    private let binding: ChecksumBinding
    private let options: Options
    private var epoch: UInt64
    private var nextPosition: UInt64
    private var digest: UInt32
    private var events: UInt64 = 0
    private var commits: UInt64 = 0

    private init(_ bytes: [UInt8], _ options: Options) {
        self.options = options
        // The id's bytes stand in their written order.
        let storeID = bytes.number(at: 16, as: UInt128.self).byteSwapped
        let kind = SegmentKind(rawValue: bytes[10]) ?? .events
        nextPosition = bytes.number(at: 32)
        binding = ChecksumBinding(storeID: storeID, kind: kind, number: nextPosition)
        epoch = bytes.number(at: 40)
        digest = Checksum.crc32c(bytes[..<Self.segmentHeaderBytes])
    }

    /// Repairs the frame at an offset; returns its length, nil where there is none.
    private mutating func repairFrame(_ bytes: inout [UInt8], at offset: Int) -> Int? {
        let header = offset..<offset + Self.frameHeaderBytes
        let length = Self.frameHeaderBytes + Int(bytes.number(at: offset + 8, as: UInt32.self))
        if options.contains(.magic), length.isMultiple(of: 8), length <= bytes.count - offset {
            bytes.replaceSubrange(offset..<offset + 4, with: Self.frameMagic)
        }
        guard bytes[offset..<offset + 4].elementsEqual(Self.frameMagic) else { return nil }
        let end = min(bytes.count, offset + length)
        setOrder(&bytes, at: offset, bodyEnd: end)
        Self.repairTag(&bytes, at: offset, bodyEnd: end)
        if offset + length <= bytes.count {
            bytes.put(Checksum.crc32c(bytes[header.upperBound..<end]), at: offset + 12)
        }
        let checksum = binding.checksum(of: Array(bytes[offset + 8..<header.upperBound]).span.bytes, at: offset)
        bytes.put(checksum, at: offset + 4)
        digest = Checksum.crc32c(Array(bytes[header]).span.bytes, continuing: digest)
        return offset + length <= bytes.count && length.isMultiple(of: 8) ? length : nil
    }

    private mutating func setOrder(_ bytes: inout [UInt8], at offset: Int, bodyEnd: Int) {
        let kind = FrameKind(rawValue: bytes[offset + 16])
        let body = offset + Self.frameHeaderBytes
        if options.contains(.order) {
            if kind == .open, bodyEnd - body >= 8 {
                bytes.put(epoch, at: body)
                epoch = bytes.number(at: offset + 24)
            }
            bytes.put(epoch, at: offset + 24)
            if kind == .commit { bytes.put(nextPosition, at: offset + 40) }
        }
        if kind == .commit {
            let count = UInt64(bytes.number(at: offset + 20, as: UInt32.self))
            nextPosition = bytes.number(at: offset + 40, as: UInt64.self) &+ count
            events &+= count
            commits += 1
        }
        if options.contains(.footers), kind == .footer, bodyEnd - body >= 40 {
            for (index, number) in [nextPosition &- 1, events, commits, UInt64(offset), UInt64(digest)].enumerated() {
                bytes.put(number, at: body + 8 * index)
            }
        }
    }

    /// The tag is a checksum, too: the one of the aggregate type in the body.
    private static func repairTag(_ bytes: inout [UInt8], at offset: Int, bodyEnd: Int) {
        let body = offset + frameHeaderBytes
        let name: Range<Int>
        switch FrameKind(rawValue: bytes[offset + 16]) {
        case .commit, .snapshotDeletion, .truncation, .tombstone:
            guard body < bodyEnd else { return }
            name = body + 1..<body + 1 + Int(bytes[body])
        case .snapshot:
            guard bodyEnd - body > 32 else { return }
            name = body + 32..<body + 32 + Int(bytes.number(at: body + 14, as: UInt16.self))
        case .open, .mark, .footer, nil: return
        }
        guard name.upperBound <= bodyEnd else { return }
        bytes.put(Checksum.crc32c(bytes[name]), at: offset + 68)
    }

    private static func checksum(of bytes: ArraySlice<UInt8>, after first: ArraySlice<UInt8>) -> UInt32 {
        Checksum.crc32c(Array(bytes).span.bytes, continuing: Checksum.crc32c(first))
    }
}

extension Checksum {
    static func crc32c(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        crc32c(Array(bytes).span.bytes)
    }
}
