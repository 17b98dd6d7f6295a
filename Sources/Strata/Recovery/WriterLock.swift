import EventSourcing

/// The writer's lock on a store, held as long as this is kept.
struct WriterLock: Sendable {
    private let file: StoreFile
    private let content: [UInt8]
    /// Whether the last writer has closed the store in order, so that the page cache alone has nothing of it that matters.
    let isBehindOrderlyClose: Bool

    /// Takes the lock, and leaves the process id for whoever meets it.
    ///
    /// - Throws: ``StrataError/Code/locked`` with the holder's process id.
    static func take(on device: any Device) throws(StrataError) -> WriterLock {
        let file: StoreFile
        if try device.kindOrFail(of: StoreLayout.lock) == nil {
            file = try create(on: device)
        } else {
            file = try StoreFile(StoreLayout.lock, .readWrite, on: device)
        }
        guard try file.lock() else {
            let holder = try content(of: file).split(separator: "\n").first.flatMap { Int32($0) }
            throw StrataError(
                .locked, "the store is open for writing\(holder.map { " in process \($0)" } ?? "")",
                path: device.path, lockHolder: holder)
        }
        return try WriterLock(file, on: device)
    }

    private init(_ file: StoreFile, on device: any Device) throws(StrataError) {
        self.file = file
        let last = try Self.content(of: file)
        isBehindOrderlyClose = last.count > 1 && last == Self.closed(last.utf8.count)
        content = Array("\(device.processID())\n".utf8)
        try file.truncate(to: 0)
        try file.write(content.span.bytes, at: 0)
    }

    /// Says that everything is durable that later processes can see of the store. It takes no room; where it cannot be said,
    /// nothing is lost.
    func noteOrderlyClose() {
        try? file.write(Array(Self.closed(content.count).utf8).span.bytes, at: 0)
    }

    /// Zeros in the place of the process id.
    private static func closed(_ count: Int) -> String { String(repeating: "0", count: max(0, count - 1)) + "\n" }

    private static func content(of file: StoreFile) throws(StrataError) -> String {
        try String(decoding: file.read(20, at: 0), as: UTF8.self)
    }

    private static func create(on device: any Device) throws(StrataError) -> StoreFile {
        do {
            return try StoreFile(StoreLayout.lock, .create, on: device)
        } catch  where error.code != .storageFull && error.code != .permissionDenied {
            // Another process may have been faster.
            return try StoreFile(StoreLayout.lock, .readWrite, on: device)
        }
    }
}
