import CDigest

/// A digest of bytes (SHA-256, FIPS 180-4).
struct SHA256Digest: Hashable, Sendable {
    /// The digest's bytes in their order, big-endian.
    private var words: SIMD4<UInt64>

    /// What stands before the first link of a chain.
    static let zero = SHA256Digest(words: SIMD4(repeating: 0))

    private init(words: SIMD4<UInt64>) {
        self.words = words
    }

    init(of bytes: [UInt8]) {
        var digest = [UInt8](repeating: 0, count: 32)
        strata_sha256(bytes, bytes.count, &digest)
        words = SIMD4(repeating: 0)
        for (index, byte) in digest.enumerated() { words[index / 8] = words[index / 8] << 8 | UInt64(byte) }
    }

    /// Appends the digest's 32 bytes.
    func append(to bytes: inout [UInt8]) {
        for index in 0..<4 {
            withUnsafeBytes(of: words[index].bigEndian) { bytes.append(contentsOf: $0) }
        }
    }
}
