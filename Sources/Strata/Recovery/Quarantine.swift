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

    /// Moves a whole file to quarantine, durably.
    ///
    /// - Returns: its new name: `quarantine/KIND-SEGMENT-0-N.seg`.
    func move(_ name: String) throws(StrataError) -> String {
        try device.createDirectoryOrFail(StoreLayout.quarantine)
        try device.syncDirectoryOrFail(".")
        let newName = try freeName(for: name.replacing("/", with: "-"), offset: 0, suffix: StoreLayout.segmentSuffix)
        try device.attempt("moving to quarantine failed", name) { () throws(SystemError) in
            try device.rename(name, to: newName)
        }
        // First where it is now, so that a crash in between shows the file twice rather than not at all.
        try device.syncDirectoryOrFail(StoreLayout.quarantine)
        try device.syncDirectoryOrFail(name.split(separator: "/").first.map(String.init) ?? ".")
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

    /// The content of a file in quarantine.
    func content(of name: String) throws(StrataError) -> [UInt8] {
        guard try files().contains(where: { $0.name == name }) else {
            throw StrataError(
                .notFound, "there is no such file in quarantine",
                path: device.path(of: "\(StoreLayout.quarantine)/\(name)"))
        }
        let file = try StoreFile("\(StoreLayout.quarantine)/\(name)", .read, on: device)
        return try file.read(file.length(), at: 0)
    }

    /// Deletes all files in quarantine, durably; returns which they were.
    func purge() throws(StrataError) -> [QuarantinedFile] {
        let files = try files()
        for file in files { try device.removeIfPresent("\(StoreLayout.quarantine)/\(file.name)") }
        if !files.isEmpty { try device.syncDirectoryOrFail(StoreLayout.quarantine) }
        return files
    }
}
