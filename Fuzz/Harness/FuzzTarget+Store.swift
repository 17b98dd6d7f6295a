import Strata
import StrataTesting

extension FuzzTarget {
    /// Files of a store. A byte of ``StoreImage/Repairs``, a byte for ``StoreCheck``, and then one after the other: what
    /// file it is (one byte), its length (two bytes), its bytes.
    package static let store = FuzzTarget("store", .asynchronous { try await checkStore($0) }, expansionLimit: 255)

    private static func checkStore(_ bytes: [UInt8]) async throws {
        let (storage, actions) = storeInput(bytes)
        try await StoreCheck(storage, actions).run()
    }

    static func storeInput(_ bytes: [UInt8]) -> (storage: SimulatedStorage, actions: StoreCheck.Actions) {
        var input = FuzzInput(bytes)
        var image = StoreImage(StoreImage.Repairs(rawValue: input.byte()))
        let actions = StoreCheck.Actions(rawValue: input.byte())
        while !input.isEmpty { image.addFile(from: &input) }
        image.completeManifest()
        return (image.storage, actions)
    }
}

extension StoreImage {
    fileprivate mutating func addFile(from input: inout FuzzInput) {
        let place = input.byte() % 8
        let bytes = input.bytes(input.number())
        switch place {
        case 0: add(bytes, as: Self.manifestName)
        case 1: add(bytes, as: "MANIFEST.new")
        case 2: add(bytes, as: "LOCK")
        case 3: add(bytes, as: "quarantine/00000000000000000001-64-1.torn")
        case 4: add(bytes, as: "events/00000000000000000001.idx")
        case 5: addSegment(bytes, kind: .snapshots)
        default: addSegment(bytes, kind: .events)
        }
    }
}
