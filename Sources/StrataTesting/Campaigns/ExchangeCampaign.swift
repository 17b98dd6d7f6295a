import Strata

/// One exchange of frames or files of a store a unit: all pairs within it, and all pairs with its backup and with another
/// store.
struct ExchangeCampaign: Campaign {
    private let store: RestingStore
    private let exchanges: [Exchange]

    init(seed: UInt64) async throws {
        store = try await RestingStore(seed: seed)
        let other = try await RestingStore(seed: seed &+ 1)
        let files = store.storage.storeFiles
        let last = files.last { $0.name.hasPrefix("events/") }?.name
        let frames = try Self.frames(of: store.storage)
        // Inside of the last segment, where what follows moves, nothing behind it verifies any more.
        func reachesEnd(_ places: StoredFrame...) -> Bool { places.contains { $0.file == last } }
        var exchanges: [Exchange] = []
        for (index, frame) in frames.enumerated() {
            exchanges.append(.missing(frame, reachesEnd: reachesEnd(frame)))
            exchanges.append(.inserted(frame, before: frame, reachesEnd: reachesEnd(frame)))
            for (otherIndex, other) in frames.enumerated() where otherIndex != index {
                if otherIndex > index {
                    exchanges.append(.swapped(frame, other, reachesEnd: reachesEnd(frame, other)))
                }
                exchanges.append(.inserted(other, before: frame, reachesEnd: reachesEnd(frame)))
                exchanges.append(.overwritten(frame, with: other, reachesEnd: reachesEnd(frame)))
            }
            for other in try Self.frames(of: store.backup) + Self.frames(of: other.storage) {
                exchanges.append(.overwritten(frame, with: other, reachesEnd: reachesEnd(frame)))
                exchanges.append(.inserted(other, before: frame, reachesEnd: reachesEnd(frame)))
            }
        }
        for (name, _) in files {
            let isEnd = name == last || name == "MANIFEST"
            exchanges.append(.file(name, is: nil, "missing", reachesEnd: isEnd))
            let sources = [
                ("this store's", files), ("its backup's", store.backup.storeFiles),
                ("another store's", other.storage.storeFiles),
            ]
            for (whose, files) in sources {
                for (source, bytes) in files {
                    exchanges.append(.file(name, is: bytes, "\(whose) \(source)", reachesEnd: isEnd))
                }
            }
        }
        self.exchanges = exchanges
    }

    private static func frames(of storage: SimulatedStorage) throws -> [StoredFrame] {
        var frames: [StoredFrame] = []
        for (name, bytes) in storage.storeFiles where name.hasSuffix(".seg") {
            for frame in try StrataStore.inspectSegment(name, on: SimulatedDevice(storage)).frames {
                let range = frame.offset..<frame.offset + frame.length
                frames.append(StoredFrame(file: name, range: range, bytes: Array(bytes[range])))
            }
        }
        return frames
    }

    var units: Int? { exchanges.count }

    func run(unit: Int) async throws -> Tally {
        let exchange = exchanges[unit]
        var storage = store.storage
        exchange.apply(to: &storage)
        var tally = Tally()
        tally.cases = 1
        do {
            let finding = try await DamageCheck(
                storage, store.expectation, options: RestingStore.workload.options,
                mayLoseSnapshots: exchange.replacements.contains { $0.file.hasPrefix("snapshots/") }
            ).run()
            try require(finding != .cutShort || exchange.reachesEnd, "events are lost, and nothing tells")
            tally.count("\(finding)")
        } catch {
            throw Violation("\(exchange.description): \(error)")
        }
        return tally
    }
}
