import CLZ4

/// Blocks in the LZ4 block format.
package enum LZ4Block {
    /// No block expands to more than this many times its size: a longer claim is a lie.
    static let highestRatio = 255

    /// The compressed bytes; nil where that would not be shorter.
    package static func compress(_ bytes: RawSpan) -> [UInt8]? {
        guard bytes.byteCount > 1, bytes.byteCount <= LZ4_MAX_INPUT_SIZE else { return nil }
        let capacity = bytes.byteCount - 1
        let compressed = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
            // Safe: both pointers are used during the call only, which writes at most `capacity` bytes.
            let length = bytes.withUnsafeBytes { source in
                LZ4_compress_default(
                    source.baseAddress?.assumingMemoryBound(to: CChar.self),
                    UnsafeMutableRawPointer(buffer.baseAddress)?.assumingMemoryBound(to: CChar.self),
                    Int32(source.count), Int32(capacity))
            }
            count = max(0, Int(length))
        }
        return compressed.isEmpty ? nil : compressed
    }

    /// The bytes that a block was made of; nil where it is damaged or of another length.
    ///
    /// - Parameter length: what the bytes' length must be; memory is taken only if the block can be that long.
    package static func decompress(_ block: RawSpan, length: Int) -> [UInt8]? {
        guard length > 0, length <= LZ4_MAX_INPUT_SIZE, length / highestRatio <= block.byteCount else { return nil }
        let bytes = [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
            // Safe: both pointers are used during the call only, which checks every length it reads.
            let result = block.withUnsafeBytes { source in
                LZ4_decompress_safe(
                    source.baseAddress?.assumingMemoryBound(to: CChar.self),
                    UnsafeMutableRawPointer(buffer.baseAddress)?.assumingMemoryBound(to: CChar.self),
                    Int32(source.count), Int32(length))
            }
            count = max(0, Int(result))
        }
        return bytes.count == length ? bytes : nil
    }
}
