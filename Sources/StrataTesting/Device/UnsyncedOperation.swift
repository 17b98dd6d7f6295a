/// Something that was done and that a loss of power may undo.
package struct UnsyncedOperation: Hashable, Sendable {
    package enum Change: Hashable, Sendable {
        case write(offset: Int, bytes: [UInt8])
        case truncate(length: Int)
        /// A file got zeros behind its end.
        case extend(length: Int)
        /// A directory got an entry.
        case link(name: String, node: Int)
        /// A directory lost an entry.
        case unlink(name: String)
        /// An entry took another name, and perhaps another entry's place.
        case rename(from: String, to: String, node: Int)
        /// The store's directory got its entry in its parent.
        case linkInParent
    }

    /// The file or directory.
    package let node: Int
    package let change: Change
}

extension UnsyncedOperation {
    static let sectorBytes = 512

    var isContent: Bool {
        switch change {
        case .write, .truncate, .extend: true
        case .link, .unlink, .rename, .linkInParent: false
        }
    }

    /// How many sectors a write touches; 0 for anything else.
    var sectorCount: Int {
        guard case .write(let offset, let bytes) = change, !bytes.isEmpty else { return 0 }
        return (offset + bytes.count - 1) / Self.sectorBytes - offset / Self.sectorBytes + 1
    }

    /// The part of a write that falls into one of its sectors.
    func part(inSector index: Int) -> (offset: Int, bytes: ArraySlice<UInt8>)? {
        guard case .write(let offset, let bytes) = change else { return nil }
        let sectorStart = (offset / Self.sectorBytes + index) * Self.sectorBytes
        let start = max(offset, sectorStart)
        let end = min(offset + bytes.count, sectorStart + Self.sectorBytes)
        return (start, bytes[start - offset..<end - offset])
    }
}
