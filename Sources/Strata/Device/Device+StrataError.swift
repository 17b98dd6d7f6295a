import Glibc

extension Device {
    /// Calls the device, and says what was done where it fails.
    func attempt<Result>(
        _ what: String, _ name: String, _ body: () throws(SystemError) -> Result
    ) throws(StrataError) -> Result {
        do {
            return try retryingInterrupts(body)
        } catch {
            throw StrataError(error, what, path: path(of: name))
        }
    }

    /// The whole content of a file that is known to be small.
    ///
    /// - Throws: ``StrataError/Code/damaged`` where it is longer than `limit`.
    func content(of name: String, limit: Int) throws(StrataError) -> [UInt8] {
        let file = try StoreFile(name, .read, on: self)
        let length = try file.length()
        guard length <= limit else {
            throw StrataError(.damaged, "the file is longer than it can be", path: file.path)
        }
        return try file.read(length, at: 0)
    }

    /// Writes what is to replace a file beside it, durably; nothing has changed for readers until
    /// ``installReplacement(of:)``. Leaves nothing behind where it fails.
    func writeReplacement(of name: String, with bytes: [UInt8]) throws(StrataError) {
        let newName = name + Self.replacementSuffix
        try removeIfPresent(newName)
        let file = try StoreFile(newName, .create, on: self)
        do {
            try file.write(bytes.span.bytes, at: 0)
            try file.sync()
        } catch {
            try? removeIfPresent(newName)
            throw error
        }
    }

    /// Replaces a file atomically and durably: after a crash the old or the new one is there, whole.
    func installReplacement(of name: String) throws(StrataError) {
        let newName = name + Self.replacementSuffix
        try attempt("renaming failed", newName) { () throws(SystemError) in try rename(newName, to: name) }
        try syncDirectoryOrFail(".")
    }

    func removeIfPresent(_ name: String) throws(StrataError) {
        guard try kindOrFail(of: name) != nil else { return }
        try attempt("removing failed", name) { () throws(SystemError) in try remove(name) }
    }

    func kindOrFail(of name: String) throws(StrataError) -> FileKind? {
        try attempt("looking failed", name) { () throws(SystemError) in try kind(of: name) }
    }

    func listOrFail(_ name: String) throws(StrataError) -> [String] {
        try attempt("listing failed", name) { () throws(SystemError) in try list(name) }
    }

    func createDirectoryOrFail(_ name: String) throws(StrataError) {
        try attempt("making a directory failed", name) { () throws(SystemError) in try createDirectory(name) }
    }

    func syncDirectoryOrFail(_ name: String) throws(StrataError) {
        do { try syncDirectory(name) } catch {
            throw StrataError(error, "syncing the directory failed", path: path(of: name))
        }
    }

    /// Makes the entry of the store's directory in its parent durable.
    ///
    /// - Parameter mayBeDenied: whether the parent may be out of reach: whoever uses a directory need not be allowed to
    ///   open what it is in.
    func syncParentOrFail(mayBeDenied: Bool) throws(StrataError) {
        do { try syncParent() } catch {
            guard mayBeDenied, [EACCES, EPERM].contains(error.number) else {
                throw StrataError(error, "syncing the parent directory failed", path: path)
            }
        }
    }

    static var replacementSuffix: String { ".new" }
}
