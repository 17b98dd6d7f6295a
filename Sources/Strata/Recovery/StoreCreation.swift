import EventSourcing

/// Makes a store in a directory, such that a crash at any point leaves nothing that cannot be begun again.
///
/// The manifest comes last: a directory without one is no store yet.
enum StoreCreation {
    private static let directories = [StoreLayout.events, StoreLayout.snapshots, StoreLayout.quarantine]

    /// Checks that a store can be brought to a directory from elsewhere.
    ///
    /// - Throws: ``StrataError/Code/cannotCreate`` where there is more than a lock.
    static func checkEmptiness(of device: any Device) throws(StrataError) {
        guard try device.listOrFail(".").allSatisfy({ $0 == StoreLayout.lock }) else {
            throw StrataError(.cannotCreate, "there is something at the new store's path already", path: device.path)
        }
    }

    /// Whether a directory without a manifest holds nothing, or nothing but what an unfinished creation leaves.
    static func isPossible(on device: any Device) throws(StrataError) -> Bool {
        let leftovers = Set(
            directories + (directories + [StoreLayout.manifest]).map { $0 + FileSystemDevice.replacementSuffix }
                + [StoreLayout.lock])
        for name in try device.listOrFail(".") where !leftovers.contains(name) { return false }
        for directory in directories.flatMap({ [$0, $0 + FileSystemDevice.replacementSuffix] })
        where try device.kindOrFail(of: directory) != nil {
            for name in try device.listOrFail(directory) where try !isEmptyFirstSegment(directory, name, device) {
                return false
            }
        }
        return true
    }

    private static func isEmptyFirstSegment(
        _ directory: String, _ name: String, _ device: any Device
    ) throws(StrataError) -> Bool {
        guard directory.hasPrefix(StoreLayout.events), StoreLayout.number(ofSegment: name) == 1 else { return false }
        let file = try StoreFile("\(directory)/\(name)", .read, on: device)
        return try file.length() <= Format.segmentHeaderBytes
    }

    /// Makes a directory, or gives one that an unfinished creation has left a new entry: the old one may be in the page
    /// cache alone, where a sync failed.
    static func createDirectory(_ name: String, on device: any Device) throws(StrataError) {
        let newName = name + FileSystemDevice.replacementSuffix
        if try device.kindOrFail(of: name) != nil, try device.kindOrFail(of: newName) == nil {
            try device.attempt("renaming failed", name) { () throws(SystemError) in
                try device.rename(name, to: newName)
            }
        }
        if try device.kindOrFail(of: newName) == .directory, try device.kindOrFail(of: name) == nil {
            try device.attempt("renaming failed", newName) { () throws(SystemError) in
                try device.rename(newName, to: name)
            }
        }
        try device.createDirectoryOrFail(name)
    }

    /// Makes the directories, an empty segment and the manifest. The caller holds the lock, and makes the store's own
    /// entry in its parent durable.
    static func create(on device: any Device, epoch: UInt64) throws(StrataError) {
        for directory in directories { try createDirectory(directory, on: device) }
        // Before the manifest can be there: a store without its directories is a damaged one.
        try device.syncDirectoryOrFail(".")
        // The store's id is a version 4 UUID (RFC 9562, section 5.4), so that it can be shown as one.
        let high = device.randomNumber() & ~0xF000 | 0x4000
        let low = device.randomNumber() >> 2 | 1 << 63
        let storeID = UInt128(high) << 64 | UInt128(low)
        _ = try ActiveSegment.create(
            number: 1, storeID: storeID, epoch: epoch, in: SegmentDirectory(on: device))
        let manifest = Manifest(storeID: storeID, generation: 1, createdAt: device.now(), sealed: [], active: 1)
        try device.writeReplacement(of: StoreLayout.manifest, with: manifest.encoded())
        try device.installReplacement(of: StoreLayout.manifest)
    }
}
