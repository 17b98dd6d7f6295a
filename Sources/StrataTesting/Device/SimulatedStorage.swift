import Glibc
import Strata

/// What a simulated device holds: what is durable, and on top of it what a loss of power may take away.
///
/// A value: a copy is an image of the device at one moment. A file and its entry in a directory are separate things, as
/// on a real file system, and each becomes durable by a sync of its own.
package struct SimulatedStorage: Sendable {
    struct File: Sendable {
        var durable: [UInt8] = []
        /// What a reader sees.
        var visible: [UInt8] = []
        /// What stood behind the file's end before it was cut: blocks that a file system may hand out again.
        var former: [UInt8] = []
        /// Whether the length has changed since the last sync, which writes it then, whatever earlier ones failed to.
        var hasNewLength = false
        /// Tells one content from another, as a time of change does.
        var changes: Int64 = 0
    }

    struct Directory: Sendable {
        var durable: [String: Int] = [:]
        var visible: [String: Int] = [:]
    }

    static let root = 0

    var files: [Int: File] = [:]
    var directories: [Int: Directory] = [Self.root: Directory()]
    /// In the order in which they were done.
    package internal(set) var unsynced = [UnsyncedOperation(node: Self.root, change: .linkInParent)]
    private var nextNode = 1
    /// Whether files are overwritten where they stand. A file system that has no room for that writes elsewhere, and
    /// never shows what stood in a block before.
    var overwritesInPlace = true

    /// An empty directory that was just made.
    package init() {}
}

// MARK: Names

extension SimulatedStorage {
    /// A file's or directory's number; nil where there is none of that name.
    func node(of name: String) -> Int? {
        guard let (directory, entry) = place(of: name) else { return nil }
        return entry.isEmpty ? directory : directories[directory]?.visible[entry]
    }

    /// The directory that holds a name, and the name's last part, which is empty for the root itself.
    private func place(of name: String) -> (directory: Int, entry: String)? {
        if name == "." { return (Self.root, "") }
        var directory = Self.root
        var rest = name[...]
        while let slash = rest.utf8.firstIndex(of: UInt8(ascii: "/")) {
            let part = String(rest[..<slash])
            guard let next = directories[directory]?.visible[part], directories[next] != nil else { return nil }
            directory = next
            rest = rest[rest.utf8.index(after: slash)...]
        }
        return (directory, String(rest))
    }

    func kind(of name: String) -> FileKind? {
        node(of: name).map { files[$0] != nil ? .file : .directory }
    }

    func list(_ name: String) throws(SystemError) -> [String] {
        guard let node = node(of: name) else { throw SystemError(number: ENOENT, call: "open") }
        guard let directory = directories[node] else { throw SystemError(number: ENOTDIR, call: "open") }
        return Array(directory.visible.keys)
    }

    mutating func createFile(_ name: String) throws(SystemError) -> Int {
        guard node(of: name) == nil else { throw SystemError(number: EEXIST, call: "open") }
        let node = try link(name, call: "open")
        files[node] = File()
        return node
    }

    mutating func createDirectory(_ name: String) throws(SystemError) {
        guard kind(of: name) == nil else { return }
        directories[try link(name, call: "mkdirat")] = Directory()
    }

    private mutating func link(_ name: String, call: String) throws(SystemError) -> Int {
        guard let (directory, entry) = place(of: name) else { throw SystemError(number: ENOENT, call: call) }
        let node = nextNode
        nextNode += 1
        directories[directory]?.visible[entry] = node
        unsynced.append(UnsyncedOperation(node: directory, change: .link(name: entry, node: node)))
        return node
    }

    mutating func remove(_ name: String) throws(SystemError) {
        guard let (directory, entry) = place(of: name), let node = node(of: name) else {
            throw SystemError(number: ENOENT, call: "unlinkat")
        }
        guard files[node] != nil else { throw SystemError(number: EISDIR, call: "unlinkat") }
        directories[directory]?.visible[entry] = nil
        unsynced.append(UnsyncedOperation(node: directory, change: .unlink(name: entry)))
    }

    mutating func rename(_ name: String, to newName: String) throws(SystemError) {
        guard
            let (directory, entry) = place(of: name), let (newDirectory, newEntry) = place(of: newName),
            let node = node(of: name)
        else { throw SystemError(number: ENOENT, call: "renameat") }
        directories[directory]?.visible[entry] = nil
        directories[newDirectory]?.visible[newEntry] = node
        if directory == newDirectory {
            unsynced.append(
                UnsyncedOperation(node: directory, change: .rename(from: entry, to: newEntry, node: node)))
        } else {
            unsynced.append(UnsyncedOperation(node: newDirectory, change: .link(name: newEntry, node: node)))
            unsynced.append(UnsyncedOperation(node: directory, change: .unlink(name: entry)))
        }
    }
}

// MARK: Contents

extension SimulatedStorage {
    mutating func write(_ bytes: [UInt8], at offset: Int, to node: Int) {
        guard !bytes.isEmpty else { return }
        let operation = UnsyncedOperation(node: node, change: .write(offset: offset, bytes: bytes))
        files[node]?.write(bytes, at: offset)
        files[node]?.changes += 1
        unsynced.append(operation)
    }

    mutating func truncate(_ node: Int, to length: Int) {
        // As with a real file system: where the length stays, the next sync has none to write.
        guard length != files[node]?.visible.count else { return }
        files[node]?.truncate(to: length)
        files[node]?.changes += 1
        unsynced.append(UnsyncedOperation(node: node, change: .truncate(length: length)))
    }

    mutating func extend(_ node: Int, to length: Int) {
        files[node]?.truncate(to: length)
        files[node]?.changes += 1
        unsynced.append(UnsyncedOperation(node: node, change: .extend(length: length)))
    }

    /// Makes a file's content or a directory's entries durable.
    mutating func sync(_ node: Int) {
        for operation in unsynced where operation.node == node && operation.change != .linkInParent {
            apply(operation)
        }
        unsynced.removeAll { $0.node == node && $0.change != .linkInParent }
        if let file = files[node], file.hasNewLength {
            files[node]?.durable.setLength(file.visible.count)
            files[node]?.hasNewLength = false
        }
    }

    mutating func syncParent() {
        unsynced.removeAll { $0.change == .linkInParent }
    }

    /// Does an operation to what is durable.
    mutating func apply(_ operation: UnsyncedOperation) {
        switch operation.change {
        case .write(let offset, let bytes): files[operation.node]?.durable.replace(at: offset, with: bytes[...])
        case .truncate(let length): files[operation.node]?.durable.setLength(length)
        case .extend(let length):
            let before = files[operation.node]?.durable.count ?? 0
            files[operation.node]?.durable.setLength(max(length, before))
        case .link(let name, let node): directories[operation.node]?.durable[name] = node
        case .unlink(let name): directories[operation.node]?.durable[name] = nil
        case .rename(let name, let newName, let node):
            if directories[operation.node]?.durable[name] == node { directories[operation.node]?.durable[name] = nil }
            directories[operation.node]?.durable[newName] = node
        case .linkInParent: break
        }
    }
}

extension SimulatedStorage.File {
    mutating func write(_ bytes: [UInt8], at offset: Int) {
        if offset + bytes.count > visible.count { hasNewLength = true }
        visible.replace(at: offset, with: bytes[...])
    }

    mutating func truncate(to length: Int) {
        if length != visible.count { hasNewLength = true }
        if length < visible.count { former.replace(at: length, with: visible[length...]) }
        visible.setLength(length)
    }
}

extension [UInt8] {
    /// Makes the array shorter, or longer with zeros.
    mutating func setLength(_ length: Int) {
        guard length > count else { return removeLast(count - length) }
        // Copied at once, without optimization as well, which a repeated element is not.
        append(contentsOf: [UInt8](repeating: 0, count: length - count))
    }

    /// Puts bytes at an offset, with zeros in front where the array is too short.
    mutating func replace(at offset: Int, with bytes: ArraySlice<UInt8>) {
        if count < offset + bytes.count { setLength(offset + bytes.count) }
        replaceSubrange(offset..<offset + bytes.count, with: bytes)
    }
}
