/// Looks for the headers of blocks in a compacted segment whose footer does not tell where they are, from front to back.
///
/// Reads the file in large pieces, and no byte of it twice but those of a header that a piece ends within: there may be as many
/// headers as the file has room for.
struct BlockSearch {
    private static let chunk = 1 << 20

    private let file: StoreFile
    private let binding: ChecksumBinding
    private let length: Int
    private var piece: [UInt8] = []
    private var pieceStart = 0

    init(_ file: StoreFile, length: Int, binding: ChecksumBinding) {
        self.file = file
        self.length = length
        self.binding = binding
    }

    /// The first header from an offset on that verifies; nil if there is none.
    mutating func next(from start: Int) throws(StrataError) -> (offset: Int, header: BlockHeader)? {
        var offset = Format.aligned(start)
        while length - offset >= Format.blockHeaderBytes {
            guard try load(offset) else { return nil }
            let last = pieceStart + piece.count - Format.blockHeaderBytes
            while offset <= last {
                let place = offset - pieceStart
                let candidate = piece.span.bytes.extracting(place..<place + Format.blockHeaderBytes)
                if candidate.number(at: 0, as: UInt32.self) == Format.blockMagic,
                    let header = BlockHeader(decoding: candidate, at: offset, binding: binding)
                {
                    return (offset, header)
                }
                offset += Format.alignment
            }
        }
        return nil
    }

    /// Has a header's bytes from an offset on in the piece; false where the file has become shorter.
    private mutating func load(_ offset: Int) throws(StrataError) -> Bool {
        if offset >= pieceStart, offset + Format.blockHeaderBytes <= pieceStart + piece.count { return true }
        piece.removeAll(keepingCapacity: true)
        pieceStart = offset
        let wanted = min(Self.chunk, length - offset)
        return try file.read(wanted, at: offset, appendingTo: &piece) >= Format.blockHeaderBytes
    }
}
