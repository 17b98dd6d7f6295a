import Logging

/// The sidecars in a store's directory. They are never synced: one that a crash has cut off does not verify.
struct SidecarFiles: Sendable {
    private static let unfinishedSuffix = ".new"

    let device: any Device
    let storeID: UInt128
    /// Whether the store was opened for writing.
    let mayWrite: Bool
    let logger: Logger

    /// The sidecar of a segment; nil where there is none that can be believed. May block.
    func load(_ entry: Manifest.SealedSegment) -> Sidecar? {
        do {
            let name = entry.identity.sidecarName
            guard try device.kindOrFail(of: name) == .file else { return nil }
            let identity = try identity(of: entry)
            let file = try StoreFile(name, .read, on: device)
            let length = try file.length()
            guard identity.length == Int(clamping: entry.bytes), length >= Format.sidecarHeaderBytes else { return nil }
            return try Sidecar(file.map(length: length), for: binding(of: entry, identity), of: entry)
        } catch {
            return nil
        }
    }

    /// Tells the segment's file as it is now.
    func identity(of entry: Manifest.SealedSegment) throws(StrataError) -> FileIdentity {
        try StoreFile(entry.identity.name, .read, on: device).identity()
    }

    private func binding(of entry: Manifest.SealedSegment, _ identity: FileIdentity) -> SidecarBinding {
        SidecarBinding(
            storeID: storeID, number: entry.firstPosition, generation: entry.generation, digest: entry.digest,
            identity: identity)
    }

    /// Makes the sidecar of a sound segment and keeps it, as ``keep(_:of:)`` does. May block.
    ///
    /// - Parameter identity: the segment's file as it was when `index` was made of it.
    /// - Returns: nil only where the index cannot be laid out, because versions are missing or for its size.
    func make(
        of index: GrowingIndex, _ entry: Manifest.SealedSegment, _ identity: FileIdentity
    ) -> Sidecar? {
        encode(index, entry, identity).flatMap { keep($0, of: entry) }
    }

    /// The bytes of a sidecar, and what they are bound to.
    struct Encoded: Sendable {
        fileprivate let bytes: [UInt8]
        fileprivate let binding: SidecarBinding
    }

    /// The sidecar of a sound segment, for ``keep(_:of:)``. O(size of the segment's index).
    ///
    /// - Parameter identity: the segment's file as it was when `index` was made of it.
    /// - Returns: nil where versions are missing between a stream's commits: a sidecar says of each how many events it has, and
    ///   they have to follow each other.
    func encode(_ index: GrowingIndex, _ entry: Manifest.SealedSegment, _ identity: FileIdentity) -> Encoded? {
        guard !index.hasGaps else { return nil }
        let binding = binding(of: entry, identity)
        return Encoded(bytes: SidecarEncoding(index).encoded(for: binding), binding: binding)
    }

    /// Keeps a sidecar: in a file that ``finish(_:)`` gives its name where that can be, and in memory otherwise. May
    /// block.
    ///
    /// - Returns: nil only where the index could not be laid out.
    func keep(_ encoded: Encoded, of entry: Manifest.SealedSegment) -> Sidecar? {
        let (bytes, binding) = (encoded.bytes, encoded.binding)
        if mayWrite {
            let name = entry.identity.sidecarName + Self.unfinishedSuffix
            do {
                try device.removeIfPresent(name)
                let file = try StoreFile(name, .create, on: device)
                try file.write(bytes.span.bytes, at: 0)
                return try Sidecar(file.map(length: bytes.count), for: binding)
            } catch {
                logger.debug("a sidecar could not be written", metadata: ["file": "\(name)", "error": "\(error)"])
                try? device.removeIfPresent(name)
            }
        }
        return try? Sidecar(FileMapping(copying: bytes), for: binding)
    }

    /// Gives a sidecar that was made its name.
    func finish(_ segment: SegmentIdentity) {
        guard mayWrite else { return }
        let name = segment.sidecarName
        try? device.attempt("renaming failed", name) { () throws(SystemError) in
            try device.rename(name + Self.unfinishedSuffix, to: name)
        }
    }

    /// Removes a sidecar, finished or not.
    func remove(_ segment: SegmentIdentity) {
        guard mayWrite else { return }
        try? device.removeIfPresent(segment.sidecarName + Self.unfinishedSuffix)
        try? device.removeIfPresent(segment.sidecarName)
    }

    /// Removes a sidecar that was not given its name.
    func discard(_ segment: SegmentIdentity) {
        guard mayWrite else { return }
        try? device.removeIfPresent(segment.sidecarName + Self.unfinishedSuffix)
    }

    /// Whether a name in the directory of events is that of a sidecar of no sealed segment, or of one that was not
    /// finished.
    static func isLeftover(_ fileName: String, _ manifest: Manifest) -> Bool {
        if fileName.hasSuffix(StoreLayout.sidecarSuffix + unfinishedSuffix) { return true }
        guard fileName.hasSuffix(StoreLayout.sidecarSuffix) else { return false }
        let segmentName = fileName.dropLast(StoreLayout.sidecarSuffix.count) + StoreLayout.segmentSuffix
        guard let segment = SegmentIdentity(fileName: String(segmentName)) else { return false }
        return !manifest.lists(segment) || segment == SegmentIdentity(number: manifest.active)
    }
}

extension SegmentIdentity {
    /// The name of the segment's sidecar, relative to the store.
    var sidecarName: String { String(name.dropLast(StoreLayout.segmentSuffix.count)) + StoreLayout.sidecarSuffix }
}
