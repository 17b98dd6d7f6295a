/// What a loss of power leaves of the operations that were not synced.
package struct LossOfPower: Hashable, Sendable {
    /// What becomes of one operation.
    package enum Fate: Hashable, Sendable {
        case kept
        case lost
        /// Of a write, only some sectors arrive: those whose bit is set, over and over from the lowest bit on.
        case torn(sectors: UInt64)
    }

    /// One for each unsynced operation, in their order.
    package var fates: [Fate]
    /// Whether files have the length that they had for readers, even where the bytes did not arrive.
    package var keepsLengths = false
    /// Whether bytes that did not arrive show what stood there before the file was cut, and not zeros.
    package var exposesFormerBytes = false
    /// Whether operations on a file take effect from the last to the first.
    package var isReversed = false

    package init(_ fates: [Fate]) {
        self.fates = fates
    }
}

extension LossOfPower: CustomStringConvertible {
    /// One letter for each operation: kept, lost, torn with its sectors.
    package var description: String {
        let fates = fates.map { fate in
            switch fate {
            case .kept: "k"
            case .lost: "l"
            case .torn(let sectors): "t\(String(sectors, radix: 2))"
            }
        }
        let flags = [
            keepsLengths ? "lengths kept" : nil, exposesFormerBytes ? "former bytes exposed" : nil,
            isReversed ? "reversed" : nil,
        ]
        return "loss of power: " + ([fates.joined(separator: " ")] + flags.compactMap { $0 }).joined(separator: ", ")
    }
}

extension SimulatedStorage {
    /// The process is gone and the operating system goes on: nothing that was done is lost, and nothing is durable
    /// that was not.
    package var afterProcessDeath: SimulatedStorage { self }

    /// What there is after a loss of power that takes everything it can.
    package var afterTotalLoss: SimulatedStorage {
        after(LossOfPower(Array(repeating: .lost, count: unsynced.count)))
    }

    /// What there is after a loss of power.
    package func after(_ loss: LossOfPower) -> SimulatedStorage {
        precondition(loss.fates.count == unsynced.count)
        let done = zip(unsynced, loss.fates).filter { $0.1 != .lost }
        if unsynced.contains(where: { $0.change == .linkInParent }),
            !done.contains(where: { $0.0.change == .linkInParent })
        {
            return SimulatedStorage()
        }
        var image = self
        let exposesFormerBytes = loss.exposesFormerBytes && overwritesInPlace
        let contents = done.filter(\.0.isContent)
        for (operation, fate) in loss.isReversed ? contents.reversed() : contents {
            image.apply(operation, fate, exposesFormerBytes: exposesFormerBytes)
        }
        for (operation, _) in done where !operation.isContent { image.apply(operation) }
        if loss.keepsLengths { image.extendFiles(exposesFormerBytes: exposesFormerBytes) }
        image.forgetWhatIsNotDurable()
        return image
    }

    private mutating func apply(_ operation: UnsyncedOperation, _ fate: LossOfPower.Fate, exposesFormerBytes: Bool) {
        if case .write(let offset, let bytes) = operation.change {
            let length = files[operation.node]?.durable.count ?? 0
            guard case .torn(let sectors) = fate else {
                extend(operation.node, to: offset, exposesFormerBytes)
                return apply(operation)
            }
            for index in 0..<operation.sectorCount where sectors >> UInt64(index % 64) & 1 == 1 {
                guard let (offset, bytes) = operation.part(inSector: index) else { continue }
                extend(operation.node, to: offset, exposesFormerBytes)
                files[operation.node]?.durable.replace(at: offset, with: bytes)
            }
            // A torn write may have moved the file's end all the same.
            if sectors.nonzeroBitCount % 2 == 0 {
                extend(operation.node, to: max(length, offset + bytes.count), exposesFormerBytes)
            }
        } else {
            apply(operation)
        }
    }

    /// Makes a file's durable content at least so long.
    private mutating func extend(_ node: Int, to length: Int, _ exposesFormerBytes: Bool) {
        guard let file = files[node], file.durable.count < length else { return }
        let start = file.durable.count
        files[node]?.durable.setLength(length)
        guard exposesFormerBytes, file.former.count > start else { return }
        files[node]?.durable.replace(at: start, with: file.former[start..<min(length, file.former.count)])
    }

    private mutating func extendFiles(exposesFormerBytes: Bool) {
        for node in Set(unsynced.filter(\.isContent).map(\.node)) {
            extend(node, to: files[node]?.visible.count ?? 0, exposesFormerBytes)
        }
    }

    private mutating func forgetWhatIsNotDurable() {
        unsynced = []
        var reachable: Set<Int> = [Self.root]
        var rest = [Self.root]
        while let directory = rest.popLast() {
            for node in directories[directory]?.durable.values.map({ $0 }) ?? []
            where reachable.insert(node).inserted && directories[node] != nil {
                rest.append(node)
            }
        }
        files = files.filter { reachable.contains($0.key) }
        directories = directories.filter { reachable.contains($0.key) }
        // The time of a change may survive where the change does not.
        files = files.mapValues {
            SimulatedStorage.File(durable: $0.durable, visible: $0.durable, former: $0.former, changes: $0.changes)
        }
        directories = directories.mapValues {
            SimulatedStorage.Directory(durable: $0.durable, visible: $0.durable)
        }
    }
}
