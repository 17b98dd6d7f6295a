import EventSourcing

/// The file that tells a salvage or a restoration under way, or one that was cut off, from a store: what is there lacks events
/// that could have been saved, although all of it verifies.
enum SalvageMarker {
    /// Marks a directory durably, before anything else comes into it.
    static func write(on device: any Device) throws(StrataError) {
        try device.writeReplacement(of: StoreLayout.salvageMarker, with: Array("not complete\n".utf8))
        try device.installReplacement(of: StoreLayout.salvageMarker)
    }

    /// Makes a store of the directory, once all of it is durable.
    static func remove(from device: any Device) throws(StrataError) {
        try device.removeForGood([StoreLayout.salvageMarker])
    }

    /// Removes what is left of a marker that was perhaps not removed durably: as long as a loss of power can bring it back,
    /// nobody may append.
    static func removeRest(on device: any Device) throws(StrataError) {
        if try isEmptied(on: device) { try remove(from: device) }
    }

    /// Whether there is what is left of a marker.
    static func isEmptied(on device: any Device) throws(StrataError) -> Bool {
        if try device.hasContent(StoreLayout.salvageMarker) { return false }
        return try device.kindOrFail(of: StoreLayout.salvageMarker) != nil
    }

    /// - Throws: ``StrataError/Code/notAStore`` where the directory is marked.
    static func check(_ device: any Device) throws(StrataError) {
        guard try device.hasContent(StoreLayout.salvageMarker) else { return }
        throw StrataError(
            .notAStore,
            "a salvage or a restoration into this directory is under way, or was cut off: then remove the directory and "
                + "begin again",
            path: device.path)
    }
}
