extension SimulatedStorage {
    /// All files as readers see them, by name.
    package var contents: [String: [UInt8]] {
        var contents: [String: [UInt8]] = [:]
        collect(Self.root, prefix: "", into: &contents)
        return contents
    }

    private func collect(_ directory: Int, prefix: String, into contents: inout [String: [UInt8]]) {
        for (name, node) in directories[directory]?.visible ?? [:] {
            if let file = files[node] {
                contents[prefix + name] = file.visible
            } else {
                collect(node, prefix: "\(prefix)\(name)/", into: &contents)
            }
        }
    }

    /// Has a file at rest show other bytes without a change of its own, as a decaying medium does.
    package mutating func decay(_ name: String, to bytes: [UInt8]) {
        guard let node = node(of: name), let changes = files[node]?.changes else { return }
        files[node] = File(durable: bytes, visible: bytes, changes: changes)
    }

    /// The bytes of a file, durable and as readers see them; nil where there is no such file. Setting them stands for
    /// what a person does to a file at rest.
    package subscript(file name: String) -> [UInt8]? {
        get { node(of: name).flatMap { files[$0]?.visible } }
        set {
            guard let newValue else {
                guard (try? remove(name)) != nil else { return }
                return makeAllDurable()
            }
            guard let node = node(of: name) ?? (try? createFile(name)) else { return }
            let changes = (files[node]?.changes ?? 0) + 1
            files[node] = File(durable: newValue, visible: newValue, changes: changes)
            makeAllDurable()
        }
    }

    /// Everything that was done reaches the medium.
    package mutating func makeAllDurable() {
        for operation in unsynced { apply(operation) }
        unsynced = []
    }
}
