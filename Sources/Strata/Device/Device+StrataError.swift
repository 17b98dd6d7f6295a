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
            // Of an empty file, the directory has all that there is.
            if !bytes.isEmpty {
                try file.write(bytes.span.bytes, at: 0)
                try file.sync()
            }
        } catch {
            try? removeIfPresent(newName)
            throw error
        }
    }

    /// Replaces a file atomically and durably: after a crash the old or the new one is there, whole.
    func installReplacement(of name: String) throws(StrataError) {
        try renameReplacement(of: name)
        try syncDirectoryOrFail(Self.directory(of: name))
    }

    private func renameReplacement(of name: String) throws(StrataError) {
        let newName = name + Self.replacementSuffix
        try attempt("renaming failed", newName) { () throws(SystemError) in try rename(newName, to: name) }
    }

    private static func directory(of name: String) -> String {
        name.split(separator: "/").dropLast().first.map(String.init) ?? "."
    }

    /// Removes files of one directory for good: what was in them does not come back.
    ///
    /// A sync of a directory that fails may take back that a file was removed, where nobody sees it until the power has been
    /// gone, and the next sync succeeds all the same. So each file is first replaced by an empty one, durably; where that
    /// fails, a file is still there for whoever comes next to try it again. Whether the empty ones come back does not matter:
    /// they have to count for nothing.
    ///
    /// - Parameter inOrder: whether no file may be gone while what was in one before it can come back.
    func removeForGood(_ names: [String], inOrder: Bool = false) throws(StrataError) {
        for (index, name) in names.enumerated() {
            try writeReplacement(of: name, with: [])
            try renameReplacement(of: name)
            if inOrder || index == names.count - 1 { try syncDirectoryOrFail(Self.directory(of: name)) }
        }
        for name in names { try removeIfPresent(name) }
    }

    /// Whether there is a file that is not empty.
    func hasContent(_ name: String) throws(StrataError) -> Bool {
        guard try kindOrFail(of: name) != nil else { return false }
        do throws(StrataError) { return try StoreFile(name, .read, on: self).length() > 0 } catch {
            // Somebody has removed it meanwhile.
            guard error.code == .notFound else { throw error }
            return false
        }
    }

    func removeIfPresent(_ name: String) throws(StrataError) {
        guard try kindOrFail(of: name) != nil else { return }
        try attempt("removing failed", name) { () throws(SystemError) in try remove(name) }
    }

    /// Gives a file of a device a second name.
    ///
    /// - Returns: false where the file system has no hard links, or none from there to here.
    func linkIfPossible(_ name: String, of source: any Device, as newName: String) throws(StrataError) -> Bool {
        do throws(SystemError) {
            try retryingInterrupts { () throws(SystemError) in try link(name, of: source, as: newName) }
            return true
        } catch {
            if [EXDEV, EPERM, EMLINK, EOPNOTSUPP, ENOSYS, EACCES].contains(error.number) { return false }
            throw StrataError(error, "linking failed", path: source.path(of: name))
        }
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
