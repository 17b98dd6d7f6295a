import EventSourcing

@testable import Strata

// Expectations cannot hold spans, which never leave their scope: the format's functions for arrays.

extension Checksum {
    static func crc32c(_ bytes: some Sequence<UInt8>, continuing checksum: UInt32 = 0) -> UInt32 {
        crc32c(Array(bytes).span.bytes, continuing: checksum)
    }
}

extension ChecksumBinding {
    func checksum(of bytes: [UInt8], at offset: Int) -> UInt32 { checksum(of: bytes.span.bytes, at: offset) }
}

extension SegmentHeader {
    init(decoding bytes: [UInt8]) throws(FormatError) { try self.init(decoding: bytes.span.bytes) }
}

extension Manifest {
    init(decoding bytes: [UInt8]) throws(FormatError) { try self.init(decoding: bytes.span.bytes) }
}

extension FrameHeader {
    init?(decoding bytes: [UInt8], at offset: Int, binding: ChecksumBinding) {
        self.init(decoding: bytes.span.bytes, at: offset, binding: binding)
    }

    func verifies(body: [UInt8]) -> Bool { verifies(body: body.span.bytes) }
}

extension BlockHeader {
    init?(decoding bytes: [UInt8], at offset: Int, binding: ChecksumBinding) {
        self.init(decoding: bytes.span.bytes, at: offset, binding: binding)
    }
}

extension CompactedFooter {
    init?(decoding bytes: [UInt8], at offset: Int) { self.init(decoding: bytes.span.bytes, at: offset) }

    static func offset(fromTrailer bytes: [UInt8]) -> Int? { offset(fromTrailer: bytes.span.bytes) }
}

extension SidecarHeader {
    init?(decoding bytes: [UInt8]) { self.init(decoding: bytes.span.bytes) }
}

extension LZ4Compressor {
    func compress(_ bytes: [UInt8]) -> [UInt8]? { compress(bytes.span.bytes) }
}

extension OpenBody {
    init?(decoding bytes: [UInt8]) { self.init(decoding: bytes.span.bytes) }
}

extension FooterBody {
    init?(decoding bytes: [UInt8]) { self.init(decoding: bytes.span.bytes) }
}

extension SegmentDigest {
    init(segmentHeader: [UInt8]) { self.init(segmentHeader: segmentHeader.span.bytes) }

    mutating func add(frameHeader: [UInt8]) { add(frameHeader: frameHeader.span.bytes) }
}

extension SnapshotBody {
    func state(in body: [UInt8]) -> Bytes? { state(in: body.span.bytes) }
}

extension AggregateTypeBody {
    static func aggregateType(in body: [UInt8], header: FrameHeader) -> String? {
        aggregateType(in: body.span.bytes, header: header)
    }
}

extension LZ4Block {
    static func compress(_ bytes: [UInt8]) -> [UInt8]? { compress(bytes.span.bytes) }

    static func decompress(_ block: some Sequence<UInt8>, length: Int) -> [UInt8]? {
        decompress(Array(block).span.bytes, length: length)
    }
}

extension [UInt8] {
    var isAggregateType: Bool { span.bytes.isAggregateType }
    var isEventType: Bool { span.bytes.isEventType }
}
