package import FoundationEssentials

extension UUID {
    /// The identifier's 16 bytes in their written order, as one number: comparing and hashing it is cheap, and code
    /// that only moves identifiers needs nothing else of them.
    package var bits: UInt128 {
        UInt128(bigEndian: unsafeBitCast(uuid, to: UInt128.self))
    }

    package init(bits: UInt128) {
        self.init(uuid: unsafeBitCast(bits.bigEndian, to: uuid_t.self))
    }

    /// The usual notation in lower case (RFC 9562, section 4).
    package var lowercased: String { uuidString.lowercased() }
}
