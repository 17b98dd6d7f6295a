import Glibc
import Strata
import Synchronization

/// An open file of a simulated device.
final class SimulatedFile: DeviceFile {
    private let number: Int
    private let node: Int
    private let name: String
    private let isWritable: Bool
    private let device: SimulatedDevice

    init(number: Int, node: Int, name: String, isWritable: Bool, on device: SimulatedDevice) {
        self.number = number
        self.node = node
        self.name = name
        self.isWritable = isWritable
        self.device = device
    }

    deinit {
        device.state.withLock { $0.close(number, node) }
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(SystemError) -> Int {
        let bytes = try device.perform(.read, name, offset: offset, length: buffer.count) { state throws(SystemError) in
            let visible = state.storage.files[node]?.visible ?? []
            guard offset < visible.count else { return visible[0..<0] }
            return visible[offset..<min(visible.count, offset + buffer.count)]
        }
        // Safe: no more bytes than the buffer has room for.
        buffer.copyBytes(from: bytes)
        return bytes.count
    }

    func write(_ bytes: RawSpan, at offset: Int) throws(SystemError) -> Int {
        // Safe: the pointer is used only during the call.
        let bytes = bytes.withUnsafeBytes { Array($0) }
        return try device.perform(.write, name, offset: offset, length: bytes.count) { state throws(SystemError) in
            guard isWritable else { throw SystemError(number: EBADF, call: "pwrite") }
            return try state.write(bytes, at: offset, to: node)
        }
    }

    func sync() throws(SystemError) {
        try device.perform(.sync, name) { state throws(SystemError) in try state.sync(node) }
    }

    func truncate(to length: Int) throws(SystemError) {
        try device.perform(.truncate, name, length: length) { state throws(SystemError) in
            guard isWritable else { throw SystemError(number: EINVAL, call: "ftruncate") }
            state.truncate(node, to: length)
        }
    }

    func extend(to length: Int) throws(SystemError) {
        try device.perform(.extend, name, length: length) { state throws(SystemError) in
            guard isWritable else { throw SystemError(number: EBADF, call: "fallocate") }
            try state.extend(node, to: length)
        }
    }

    func length() throws(SystemError) -> Int {
        try device.perform(.length, name) { state throws(SystemError) in
            state.storage.files[node]?.visible.count ?? 0
        }
    }

    func identity() throws(SystemError) -> FileIdentity {
        try device.perform(.identity, name) { state throws(SystemError) in
            let file = state.storage.files[node]
            return FileIdentity(
                node: UInt64(node), change: file?.changes ?? 0, length: file?.visible.count ?? 0)
        }
    }

    func map(length: Int) throws(SystemError) -> FileMapping {
        try device.perform(.map, name, length: length) { state throws(SystemError) in
            let visible = state.storage.files[node]?.visible ?? []
            // A real device would map bytes that are not there, and kill whoever looks at them.
            guard (1...max(1, visible.count)).contains(length) else { throw SystemError(number: EINVAL, call: "mmap") }
            return FileMapping(copying: Array(visible[..<length]))
        }
    }

    func lock() throws(SystemError) -> Bool {
        try device.perform(.lock, name) { state throws(SystemError) in
            guard isWritable else { throw SystemError(number: EBADF, call: "fcntl") }
            if let holder = state.lockHolder, holder != number { return false }
            state.lockHolder = number
            return true
        }
    }

    func isLocked() throws(SystemError) -> Bool {
        try device.perform(.isLocked, name) { state throws(SystemError) in
            state.lockHolder.map { $0 != number } ?? false
        }
    }
}

extension SimulatedDevice.State {
    fileprivate mutating func close(_ number: Int, _ node: Int) {
        openFiles[number] = nil
        if lockHolder == number { lockHolder = nil }
        if doomed.contains(node), !openFiles.values.contains(node) {
            doomed.remove(node)
            storage.revert(node)
        }
    }

    fileprivate mutating func write(_ bytes: [UInt8], at offset: Int, to node: Int) throws(SystemError) -> Int {
        defer { lastWrite = bytes }
        switch pendingEffect {
        case .shortWrite(let count):
            let taken = min(count, bytes.count)
            storage.write(Array(bytes[..<taken]), at: offset, to: node)
            return taken
        case .lostWrite: return bytes.count
        case .misdirectedWrite(let distance):
            storage.write(bytes, at: max(0, offset + distance), to: node)
            return bytes.count
        case .staleWrite:
            var stale = lastWrite
            stale.setLength(bytes.count)
            storage.write(stale, at: offset, to: node)
            return bytes.count
        default: return try writeIntoRoom(bytes, at: offset, to: node)
        }
    }

    /// Writes as much as there is room for.
    private mutating func writeIntoRoom(
        _ bytes: [UInt8], at offset: Int, to node: Int
    ) throws(SystemError) -> Int {
        guard let room else {
            storage.write(bytes, at: offset, to: node)
            return bytes.count
        }
        let length = storage.files[node]?.visible.count ?? 0
        let taken = min(bytes.count, max(0, length - offset) + room)
        guard taken > 0 || bytes.isEmpty else { throw SystemError(number: ENOSPC, call: "pwrite") }
        storage.write(Array(bytes[..<taken]), at: offset, to: node)
        self.room = max(0, room - max(0, offset + taken - length))
        return taken
    }

    fileprivate mutating func truncate(_ node: Int, to length: Int) {
        let before = storage.files[node]?.visible.count ?? 0
        storage.truncate(node, to: length)
        if let room { self.room = max(0, room + before - length) }
    }

    /// Where there is too little room, the file gets what there is, as on some file systems.
    fileprivate mutating func extend(_ node: Int, to length: Int) throws(SystemError) {
        let before = storage.files[node]?.visible.count ?? 0
        guard length > before else { return }
        let added = min(length - before, room ?? .max)
        storage.extend(node, to: before + added)
        if let room { self.room = room - added }
        guard before + added == length else { throw SystemError(number: ENOSPC, call: "fallocate") }
    }

    /// Makes a file or a directory durable, unless that is to fail.
    mutating func sync(_ node: Int) throws(SystemError) {
        if lateReports.remove(node) != nil { throw SystemError(number: EIO, call: "fdatasync") }
        guard case .failedSync(let model) = pendingEffect else { return storage.sync(node) }
        storage.forgetUnsynced(node)
        switch model {
        case .keptInCache: break
        case .reverted: storage.revert(node)
        case .goneWithLastReference: doomed.insert(node)
        case .reportedLate:
            lateReports.insert(node)
            return
        }
        // Where a file system finds places for pages only now, it may find none.
        throw SystemError(number: room == nil ? EIO : ENOSPC, call: "fdatasync")
    }

    /// Makes the store's entry in its parent durable, unless that is to fail. Whether a failed sync of the parent loses
    /// the entry for good is not simulated: it would take the whole store with it.
    mutating func syncParent() throws(SystemError) {
        if case .failedSync = pendingEffect { throw SystemError(number: EIO, call: "fsync") }
        storage.syncParent()
    }
}

extension SimulatedStorage {
    /// The operating system takes changed pages for written although they are not.
    fileprivate mutating func forgetUnsynced(_ node: Int) {
        unsynced.removeAll { $0.node == node && $0.change != .linkInParent }
        files[node]?.hasNewLength = false
    }

    /// Readers see what is durable, and later changes on top of it.
    mutating func revert(_ node: Int) {
        if directories[node] != nil { return revertDirectory(node) }
        guard let file = files[node] else { return }
        var visible = file.durable
        for operation in unsynced where operation.node == node {
            switch operation.change {
            case .write(let offset, let bytes): visible.replace(at: offset, with: bytes[...])
            case .truncate(let length): visible.setLength(length)
            case .extend(let length): visible.setLength(max(length, visible.count))
            case .link, .unlink, .rename, .linkInParent: break
            }
        }
        files[node]?.visible = visible
    }

    private mutating func revertDirectory(_ node: Int) {
        let latest = unsynced.filter { $0.node == node }
        guard var reverted = directories[node] else { return }
        let durable = reverted.durable
        for operation in latest { apply(operation) }
        reverted.visible = directories[node]?.durable ?? durable
        directories[node] = reverted
    }
}
