extension Manifest {
    private static let longest = 64 << 20

    /// What the damage is where there is no manifest.
    static let missing = Damage(file: StoreLayout.manifest, offset: 0, reason: "there is none")

    /// Reads a store's manifest; nil where there is none.
    ///
    /// - Parameter isSalvage: whether the store is one that a salvage makes: for all others it is none yet.
    static func read(from device: any Device, isSalvage: Bool = false) throws(StrataError) -> Manifest? {
        let isThere = try device.kindOrFail(of: StoreLayout.manifest) != nil
        let bytes = isThere ? try device.content(of: StoreLayout.manifest, limit: longest) : nil
        // Only now: a salvage may have begun meanwhile, and marks the directory before it makes a manifest.
        if !isSalvage { try SalvageMarker.check(device) }
        guard let bytes else { return nil }
        do throws(FormatError) {
            return try Manifest(decoding: bytes.span.bytes)
        } catch {
            let path = device.path(of: StoreLayout.manifest)
            if case .newerVersion = error {
                throw StrataError(.unsupportedFormat, "the store cannot be read: \(error.reason)", path: path)
            }
            let reason = error.reason + claimedVersion(of: bytes.span.bytes, error)
            throw StrataError(
                .damaged, "the manifest cannot be trusted: \(reason)", path: path,
                damage: [Damage(file: StoreLayout.manifest, offset: 0, reason: reason)])
        }
    }

    /// The same in the next generation, to be changed and put in its place.
    ///
    /// - Throws: ``StrataError/Code/storageFull`` where there is none: no store gets there that nobody has tampered with.
    func successor(on device: any Device) throws(StrataError) -> Manifest {
        guard let next = successor() else {
            throw StrataError(
                .storageFull, "the manifest has been replaced as often as it can be",
                path: device.path(of: StoreLayout.manifest))
        }
        return next
    }

    /// What a manifest that does not verify says of its version, for whoever looks for the cause.
    private static func claimedVersion(of bytes: RawSpan, _ error: FormatError) -> String {
        guard error == .wrongChecksum else { return "" }
        let version = bytes.number(at: 8, as: UInt16.self)
        return version > Format.version
            ? ", and it claims format version \(version), which this program does not know" : ""
    }
}
