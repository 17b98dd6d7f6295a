/// Tells how much frames shrink, by compressing one of so many blocks of them.
struct CompressionSample {
    private static let blocksPerSample = 16

    private let compressor: LZ4Compressor
    private var block: [UInt8] = []
    private var blocks = 0
    private var sampled = 0
    private var stored = 0

    init(dictionary: [UInt8] = []) {
        compressor = LZ4Compressor(dictionary: dictionary, level: CompactedSegmentWriter.compressionLevel)
    }

    /// Adds a frame that is kept.
    mutating func add(_ frame: LiveFrame, body: RawSpan, binding: ChecksumBinding) {
        if !block.isEmpty, block.count + frame.frameLength > CompactedSegmentWriter.blockBytes { endBlock() }
        // At any place: the checksum is as good as random wherever it is.
        frame.header.encode(into: &block, at: Format.segmentHeaderBytes, binding: binding)
        frame.append(body, to: &block)
    }

    private mutating func endBlock() {
        if blocks.isMultiple(of: Self.blocksPerSample) {
            stored += Format.blockHeaderBytes + (compressor.compress(block.span.bytes)?.count ?? block.count)
            sampled += block.count
        }
        blocks += 1
        block.removeAll(keepingCapacity: true)
    }

    /// What frames of a number of bytes take, about.
    mutating func estimate(of bytes: Int) -> Int {
        if sampled == 0, !block.isEmpty { endBlock() }
        return sampled == 0 ? bytes : Int(Double(bytes) * Double(stored) / Double(sampled))
    }
}
