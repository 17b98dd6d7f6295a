/// Brings files from one directory to another, durably, and counts.
struct FileTransfer {
    private static let chunk = 1 << 20

    let source: any Device
    let destination: any Device
    let progress: (JobProgress) -> Void
    private var bytesTotal = 0
    private(set) var copiedBytes = 0
    private(set) var linkedBytes = 0
    private(set) var keptBytes = 0
    /// The names of what this run has brought.
    private var brought: Set<String> = []

    init(from source: any Device, to destination: any Device, progress: @escaping (JobProgress) -> Void) {
        self.source = source
        self.destination = destination
        self.progress = progress
    }

    /// Begins to bring files, perhaps not for the first time.
    mutating func begin(bytesTotal: Int) {
        self.bytesTotal = bytesTotal
        keptBytes = 0
    }

    /// Whether this run has brought a file.
    func hasBrought(_ name: String) -> Bool { brought.contains(name) }

    /// Counts a file that an earlier run has brought already.
    mutating func keep(_ name: String, _ bytes: Int) {
        guard !brought.contains(name) else { return }
        keptBytes += bytes
        show()
    }

    /// Puts a copy of a file in the place of what the destination has under its name.
    mutating func bring(_ name: String) throws(StrataError) {
        try install(stage(name, mayLink: false), as: name)
    }

    /// Brings a file, as a copy or, where it may and can be, as a link.
    ///
    /// - Parameter mayLink: whether the file never changes again and all of it is known to be durable: a link shares with it
    ///   what a sync that failed has left in the page cache alone.
    /// - Returns: the name that it has until it is installed.
    mutating func stage(_ name: String, mayLink: Bool) throws(StrataError) -> String {
        let staged = name + StoreLayout.stagedSuffix
        try destination.removeIfPresent(staged)
        if mayLink, try destination.linkIfPossible(name, of: source, as: staged) {
            let file = try StoreFile(staged, .read, on: destination)
            try file.sync()
            linkedBytes += try file.segmentLength()
            show()
        } else {
            let file = try StoreFile(name, .read, on: source)
            _ = try copy(file, upTo: try file.segmentLength(), to: staged)
        }
        return staged
    }

    /// Copies the front of a file; returns the copy, which is durable.
    mutating func copy(_ file: StoreFile, upTo end: Int, to name: String) throws(StrataError) -> StoreFile {
        try destination.removeIfPresent(name)
        let copy = try StoreFile(name, .create, on: destination)
        var offset = 0
        while offset < end {
            let bytes = try file.read(min(Self.chunk, end - offset), at: offset)
            guard !bytes.isEmpty else { break }
            try copy.write(bytes.span.bytes, at: offset)
            offset += bytes.count
            copiedBytes += bytes.count
            show()
        }
        try copy.sync()
        return copy
    }

    /// Gives a file that is durable its name, in place of another.
    mutating func install(_ staged: String, as name: String) throws(StrataError) {
        brought.insert(name)
        try rename(staged, to: name)
    }

    /// Gives a file of the destination a new entry in its directory: the one that it has may be in the page cache alone,
    /// where a sync of the directory failed.
    func renew(_ name: String) throws(StrataError) {
        let staged = name + StoreLayout.stagedSuffix
        try rename(name, to: staged)
        try rename(staged, to: name)
    }

    private func rename(_ name: String, to newName: String) throws(StrataError) {
        try destination.attempt("renaming failed", name) { () throws(SystemError) in
            try destination.rename(name, to: newName)
        }
    }

    /// Whether the destination has the same file already.
    func isSame(_ name: String) throws(StrataError) -> Bool {
        guard try destination.kindOrFail(of: name) == .file else { return false }
        let length = try StoreFile(name, .read, on: source).length()
        guard try StoreFile(name, .read, on: destination).length() == length else { return false }
        return try isSame(name, in: 0..<length)
    }

    /// Whether both have the same bytes in a part of a file.
    func isSame(_ name: String, in range: Range<Int>) throws(StrataError) -> Bool {
        let (first, second) = (
            try StoreFile(name, .read, on: source), try StoreFile(name, .read, on: destination)
        )
        var offset = range.lowerBound
        while offset < range.upperBound {
            let bytes = try first.read(min(Self.chunk, range.upperBound - offset), at: offset)
            guard !bytes.isEmpty, try second.read(bytes.count, at: offset) == bytes else { return false }
            offset += bytes.count
        }
        return true
    }

    private func show() {
        let done = copiedBytes + linkedBytes + keptBytes
        progress(JobProgress(bytesDone: done, bytesTotal: max(done, bytesTotal)))
    }
}
