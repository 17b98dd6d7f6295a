import Strata

/// Checks that recovery throws no byte away: what was live before is live or in quarantine after.
enum KeptBytes {
    private static let quarantine = "quarantine/"

    static func isQuarantined(_ name: String) -> Bool {
        name.hasPrefix(quarantine)
    }

    /// Whether a file is what a compaction had not finished, or had replaced.
    private static func isReplaced(_ name: String, _ manifest: Manifest?) -> Bool {
        guard
            let manifest, name.hasPrefix("events/"),
            let segment = SegmentIdentity(fileName: String(name.dropFirst("events/".count)))
        else { return false }
        return !manifest.lists(segment) && manifest.hasReplaced(segment)
    }

    /// Whether a file is a segment's index, which holds nothing of its own and may go or be made again.
    static func isSidecar(_ name: String) -> Bool {
        name.hasSuffix(".idx") || name.hasSuffix(".idx.new")
    }

    /// - Parameters:
    ///   - before: all files before the recovery.
    ///   - after: all files after it, and after whatever it has appended.
    static func check(before: [String: [UInt8]], after: [String: [UInt8]]) throws(Violation) {
        let manifest = before["MANIFEST"].flatMap { try? Manifest(decoding: $0.span.bytes) }
        let put = after.filter { isQuarantined($0.key) && before[$0.key] == nil }
        var matched: Set<String> = []
        for (name, bytes) in before where name.contains("/") {
            if isSidecar(name) { continue }
            let kept = after[name] ?? []
            // First of all: what was cut may be the very bytes that the next frame begins with.
            if let copy = copy(of: bytes, name, kept, among: put) {
                matched.insert(copy)
                continue
            }
            // A file that never got more than its header holds nothing, and may go or be made again.
            if kept.begins(with: bytes) || bytes.count <= 64 { continue }
            if after[name] == nil, isReplaced(name, manifest) { continue }
            try require(after[name] != nil, "\(name) with \(bytes.count) bytes is gone")
            try require(!isQuarantined(name), "recovery changes \(name)")
            let end = (bytes.lastIndex { $0 != 0 } ?? -1) + 1
            try require(
                kept.begins(with: Array(bytes[..<end])), "bytes of \(name) are neither live nor in quarantine")
        }
        try require(matched.count == put.count, "quarantine holds more than was cut")
    }

    /// The copy in quarantine of what was cut off a file.
    ///
    /// - Parameter put: what recovery has put into quarantine.
    private static func copy(
        of bytes: [UInt8], _ name: String, _ kept: [UInt8], among put: [String: [UInt8]]
    ) -> String? {
        let segment = name.split(separator: "/").last.map { $0.prefix { $0 != "." } } ?? ""
        return put.first { copy in
            let parts = copy.key.dropFirst(quarantine.count).split(separator: "-")
            guard
                copy.key.hasPrefix("\(quarantine)\(segment)-"), let start = parts.dropLast().last.flatMap({ Int($0) }),
                start + copy.value.count <= bytes.count
            else { return false }
            // Zeros behind the tail are what the file had room for.
            return Array(bytes[start...]).begins(with: copy.value) && kept.begins(with: Array(bytes[..<start]))
                && bytes[(start + copy.value.count)...].allSatisfy { $0 == 0 }
        }?.key
    }
}
