public import FoundationEssentials

extension UUID {
    /// A new random identifier: version 4 of RFC 9562 (section 5.4), its 122 random bits from the system's generator.
    ///
    /// As unpredictable as `UUID()`, which on Linux opens, reads and closes a device file each time.
    @usableFromInline
    package static func random() -> UUID {
        var generator = SystemRandomNumberGenerator()
        return random(using: &generator)
    }
}
