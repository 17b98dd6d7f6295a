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

    /// Replaces a file's content atomically and durably: after a crash the old or the new content is there, whole.
    func replace(_ name: String, with bytes: [UInt8]) throws(StrataError) {
        let newName = name + Self.replacementSuffix
        if try attempt("looking failed", newName, { () throws(SystemError) in try kind(of: newName) }) != nil {
            try attempt("removing failed", newName) { () throws(SystemError) in try remove(newName) }
        }
        let file = try StoreFile(newName, .create, on: self)
        try file.write(bytes.span.bytes, at: 0)
        try file.sync()
        try attempt("renaming failed", newName) { () throws(SystemError) in try rename(newName, to: name) }
        try syncDirectoryOrFail(".")
    }

    func syncDirectoryOrFail(_ name: String) throws(StrataError) {
        do { try syncDirectory(name) } catch {
            throw StrataError(error, "syncing the directory failed", path: path(of: name))
        }
    }

    static var replacementSuffix: String { ".new" }
}
