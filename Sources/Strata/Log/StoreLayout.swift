/// The names in a store's directory.
enum StoreLayout {
    static let lock = "LOCK"
    static let manifest = "MANIFEST"
    static let events = "events"
    static let snapshots = "snapshots"
    static let quarantine = "quarantine"
    /// Only in a backup that nobody has written to.
    static let backupMarker = "BACKUP"
    /// Only where a salvage has not come to its end.
    static let salvageMarker = "SALVAGE"
    static let segmentSuffix = ".seg"
    static let sidecarSuffix = ".idx"
    /// Behind the name of a file that a backup is bringing.
    static let stagedSuffix = ".new"
    private static let digits = 20

    /// - Parameter generation: of a compacted segment.
    static func eventSegment(_ firstPosition: UInt64, generation: UInt64 = 0) -> String {
        let suffix = generation == 0 ? "" : "-\(padded(generation))"
        return "\(events)/\(padded(firstPosition))\(suffix)\(segmentSuffix)"
    }

    static func snapshotSegment(_ number: UInt64) -> String {
        "\(snapshots)/\(padded(number))\(segmentSuffix)"
    }

    /// The number in a segment's file name, without its directory; nil for any other name, and for a number that no
    /// segment can have.
    static func number(ofSegment fileName: String) -> UInt64? {
        guard fileName.hasSuffix(segmentSuffix) else { return nil }
        return number(ofDigits: fileName.dropLast(segmentSuffix.count))
    }

    static func number(ofDigits digits: Substring) -> UInt64? {
        number(ofDigits: digits, below: UInt64(Format.numberLimit))
    }

    static func generation(ofDigits digits: Substring) -> UInt64? {
        number(ofDigits: digits, below: Format.generationLimit)
    }

    /// The number of 1 and more that stands in as many digits as in the names of segments; nil for other texts.
    private static func number(ofDigits digits: Substring, below limit: UInt64) -> UInt64? {
        guard digits.utf8.count == Self.digits, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) })
        else { return nil }
        return UInt64(digits).flatMap { (1..<limit).contains($0) ? $0 : nil }
    }

    private static func padded(_ number: UInt64) -> String {
        let text = String(number)
        return String(repeating: "0", count: digits - text.count) + text
    }

    /// Whatever stands for one of the store's directories must be a directory: a link would lead out of the store.
    static func checkDirectories(on device: any Device) throws(StrataError) {
        for name in [events, snapshots, quarantine] {
            let kind = try device.kindOrFail(of: name)
            guard kind == nil || kind == .directory else {
                throw StrataError(.notAStore, "this is not a directory", path: device.path(of: name))
            }
        }
    }
}
