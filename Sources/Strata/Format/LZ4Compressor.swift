import CLZ4

/// Compresses blocks by themselves, with a dictionary in front of each: what recurs from block to block is found there.
///
/// Small blocks can be read fast one by one, but have little in them that recurs.
package final class LZ4Compressor {
    /// The compressor's state with the dictionary loaded, copied for every block: loading takes longer than that.
    private let prepared: OpaqueState
    private let working: OpaqueState
    /// The state refers to these bytes.
    private let dictionary: UnsafeMutableRawBufferPointer

    private typealias OpaqueState = UnsafeMutablePointer<LZ4_streamHC_t>

    /// - Parameters:
    ///   - dictionary: at most 64 KiB; what is closest to the end is cheapest to refer to.
    ///   - level: 3 (fast) to 12 (small).
    package init(dictionary bytes: [UInt8] = [], level: Int) {
        dictionary = .allocate(byteCount: max(1, bytes.count), alignment: 16)
        dictionary.copyBytes(from: bytes)
        prepared = .allocate(capacity: 1)
        working = .allocate(capacity: 1)
        // Safe: both are as large and aligned as the library's own header says, and it fills them in.
        LZ4_initStreamHC(prepared, MemoryLayout<LZ4_streamHC_t>.size)
        LZ4_resetStreamHC_fast(prepared, Int32(level))
        LZ4_loadDictHC(prepared, dictionary.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(bytes.count))
    }

    /// The compressed bytes; nil where that would not be shorter.
    package func compress(_ bytes: RawSpan) -> [UInt8]? {
        guard bytes.byteCount > 1, bytes.byteCount <= LZ4_MAX_INPUT_SIZE else { return nil }
        let capacity = bytes.byteCount - 1
        // Safe: the state holds no pointers into itself, only into the dictionary, which lives as long as this object.
        UnsafeMutableRawPointer(working).copyMemory(from: prepared, byteCount: MemoryLayout<LZ4_streamHC_t>.size)
        let compressed = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
            // Safe: both pointers are used during the call only, which writes at most `capacity` bytes; the next call
            // begins from the prepared state again.
            let length = bytes.withUnsafeBytes { source in
                LZ4_compress_HC_continue(
                    working, source.baseAddress?.assumingMemoryBound(to: CChar.self),
                    UnsafeMutableRawPointer(buffer.baseAddress)?.assumingMemoryBound(to: CChar.self),
                    Int32(source.count), Int32(capacity))
            }
            count = max(0, Int(length))
        }
        return compressed.isEmpty ? nil : compressed
    }

    deinit {
        prepared.deallocate()
        working.deallocate()
        dictionary.deallocate()
    }
}

extension LZ4Block {
    /// Appends the bytes that a block was made of to a buffer, or a part from their beginning.
    ///
    /// - Parameters:
    ///   - length: what the bytes' length must be; memory is taken only if the block can be that long.
    ///   - count: how many of them are wanted; the rest is not looked at.
    ///   - dictionary: what was in front of the bytes when they were compressed.
    /// - Returns: whether the block is sound as far as it was looked at. If not, nothing was appended.
    package static func decompress(
        _ block: RawSpan, length: Int, first count: Int, dictionary: [UInt8], appendingTo buffer: inout [UInt8]
    ) -> Bool {
        guard
            length > 0, length <= LZ4_MAX_INPUT_SIZE, length / highestRatio <= block.byteCount, count > 0,
            count <= length
        else { return false }
        var isSound = false
        buffer.append(addingCapacity: count) { output in
            output.withUnsafeMutableBufferPointer { bytes, initialized in
                let free = UnsafeMutableRawPointer(bytes.baseAddress)?.advanced(by: initialized)
                // Safe: all pointers are used during the call only, which checks every length it reads and writes at
                // most `count` bytes behind what is initialised.
                let result = block.withUnsafeBytes { source in
                    dictionary.withUnsafeBytes { dictionary in
                        decompress(
                            source, into: free?.assumingMemoryBound(to: CChar.self), length: length, first: count,
                            dictionary)
                    }
                }
                isSound = Int(result) == count
                if isSound { initialized += count }
            }
        }
        return isSound
    }

    private static func decompress(
        _ source: UnsafeRawBufferPointer, into output: UnsafeMutablePointer<CChar>?, length: Int, first count: Int,
        _ dictionary: UnsafeRawBufferPointer
    ) -> Int32 {
        let block = source.baseAddress?.assumingMemoryBound(to: CChar.self)
        let prefix = dictionary.baseAddress?.assumingMemoryBound(to: CChar.self)
        if count == length {
            return LZ4_decompress_safe_usingDict(
                block, output, Int32(source.count), Int32(length), prefix, Int32(dictionary.count))
        }
        return LZ4_decompress_safe_partial_usingDict(
            block, output, Int32(source.count), Int32(count), Int32(count), prefix, Int32(dictionary.count))
    }
}
