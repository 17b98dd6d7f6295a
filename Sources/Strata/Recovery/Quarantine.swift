/// Keeps every byte that recovery takes away.
struct Quarantine {
    private static let chunk = 1 << 20
    private let device: any Device

    init(_ device: any Device) {
        self.device = device
    }

    /// Copies a part of a file to quarantine, durably.
    ///
    /// - Returns: the copy's name: `quarantine/SEGMENT-OFFSET-N.torn`.
    func keep(_ name: String, from start: Int, to end: Int) throws(StrataError) -> String {
        try device.createDirectoryOrFail(StoreLayout.quarantine)
        try device.syncDirectoryOrFail(".")
        let source = try StoreFile(name, .read, on: device)
        let copyName = try freeName(for: name, offset: start)
        let copy = try StoreFile(copyName, .create, on: device)
        var offset = start
        while offset < end {
            let bytes = try source.read(min(Self.chunk, end - offset), at: offset)
            if bytes.isEmpty { break }
            try copy.write(bytes.span.bytes, at: offset - start)
            offset += bytes.count
        }
        try copy.sync()
        try device.syncDirectoryOrFail(StoreLayout.quarantine)
        return copyName
    }

    private func freeName(for name: String, offset: Int) throws(StrataError) -> String {
        let segment = name.split(separator: "/").last.map { $0.prefix { $0 != "." } } ?? ""
        var attempt = 1
        while true {
            let candidate = "\(StoreLayout.quarantine)/\(segment)-\(offset)-\(attempt).torn"
            if try device.kindOrFail(of: candidate) == nil { return candidate }
            attempt += 1
        }
    }
}
