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
        let copyName = try freeName(for: name, offset: start)
        try copy(name, start..<end, to: copyName)
        try device.syncDirectoryOrFail(StoreLayout.quarantine)
        return copyName
    }

    private func copy(_ name: String, _ range: Range<Int>, to copyName: String) throws(StrataError) {
        let source = try StoreFile(name, .read, on: device)
        let copy = try StoreFile(copyName, .create, on: device)
        var offset = range.lowerBound
        while offset < range.upperBound {
            let bytes = try source.read(min(Self.chunk, range.upperBound - offset), at: offset)
            if bytes.isEmpty { break }
            try copy.write(bytes.span.bytes, at: offset - range.lowerBound)
            offset += bytes.count
        }
        try copy.sync()
    }

    /// Moves a whole file to quarantine, durably.
    ///
    /// - Returns: its new name: `quarantine/KIND-SEGMENT-0-N.seg`.
    func move(_ name: String) throws(StrataError) -> String {
        try device.createDirectoryOrFail(StoreLayout.quarantine)
        try device.syncDirectoryOrFail(".")
        let newName = try freeName(for: name.replacing("/", with: "-"), offset: 0, suffix: StoreLayout.segmentSuffix)
        // First where it is now, so that a crash in between shows the file twice rather than not at all.
        if try !device.linkIfPossible(name, of: device, as: newName) {
            try copy(name, 0..<StoreFile(name, .read, on: device).length(), to: newName)
        }
        try device.syncDirectoryOrFail(StoreLayout.quarantine)
        try device.removeForGood([name])
        return newName
    }

    private func freeName(
        for name: String, offset: Int, suffix: String = ".torn"
    ) throws(StrataError) -> String {
        let segment = name.split(separator: "/").last.map { $0.prefix { $0 != "." } } ?? ""
        var attempt = 1
        while true {
            let candidate = "\(StoreLayout.quarantine)/\(segment)-\(offset)-\(attempt)\(suffix)"
            if try device.kindOrFail(of: candidate) == nil { return candidate }
            attempt += 1
        }
    }
}

extension Quarantine {
    /// The files in quarantine, by name.
    func files() throws(StrataError) -> [QuarantinedFile] {
        try allFiles().filter { $0.bytes > 0 }
    }

    /// Empty files as well, which are left of a purge that was perhaps not durable.
    private func allFiles() throws(StrataError) -> [QuarantinedFile] {
        guard try device.kindOrFail(of: StoreLayout.quarantine) == .directory else { return [] }
        var files: [QuarantinedFile] = []
        for name in try device.listOrFail(StoreLayout.quarantine).sorted() {
            do {
                let file = try StoreFile("\(StoreLayout.quarantine)/\(name)", .read, on: device)
                files.append(QuarantinedFile(name: name, bytes: try file.length()))
            } catch  where error.code == .notFound {
                // Somebody has removed it meanwhile.
            }
        }
        return files
    }

    /// A part of a file in quarantine; shorter where the file ends.
    func content(of name: String, _ range: Range<Int>) throws(StrataError) -> [UInt8] {
        let path = "\(StoreLayout.quarantine)/\(name)"
        guard !name.contains("/"), try device.kindOrFail(of: path) == .file else {
            throw StrataError(.notFound, "there is no such file in quarantine", path: device.path(of: path))
        }
        let file = try StoreFile(path, .read, on: device)
        let present = try range.clamped(to: 0..<file.length())
        return try file.read(present.count, at: present.lowerBound)
    }

    /// Deletes all files in quarantine, durably; returns which they were.
    func purge() throws(StrataError) -> [QuarantinedFile] {
        let files = try allFiles()
        let names = files.map { "\(StoreLayout.quarantine)/\($0.name)" }
        do { try device.removeForGood(names) } catch {
            // Whoever purges to make room must not need any.
            guard error.code == .storageFull else { throw error }
            for name in names { try device.removeIfPresent(name) }
            try device.syncDirectoryOrFail(StoreLayout.quarantine)
        }
        return files.filter { $0.bytes > 0 }
    }
}
