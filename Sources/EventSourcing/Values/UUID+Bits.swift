public import FoundationEssentials

extension UUID {
    /// The identifier's 16 bytes in their written order, as one number: comparing and hashing it is cheap, and code
    /// that only moves identifiers needs nothing else of them.
    @inlinable
    package var bits: UInt128 {
        UInt128(bigEndian: unsafeBitCast(uuid, to: UInt128.self))
    }

    @inlinable
    package init(bits: UInt128) {
        // Safe: an identifier is its 16 bytes. By way of `init(uuid:)` they would be handed over one by one.
        self = unsafeBitCast(bits.bigEndian, to: UUID.self)
    }
}
