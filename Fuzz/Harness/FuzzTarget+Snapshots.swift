import EventSourcing
import FoundationEssentials
import Strata
import StrataTesting

extension FuzzTarget {
    /// A segment of snapshots behind a byte of ``StoreImage/Repairs``, in a store whose one stream has 40 events.
    package static let snapshots = FuzzTarget(
        "snapshots", .asynchronous { try await checkSnapshots($0) }, expansionLimit: 255)

    /// The stream that snapshots can be of.
    static let stream = StreamID("Order", UUID(bits: 0x0102_0304_0506_4708_890A_0B0C_0D0E_0F10))

    /// A store's manifest and its segment of events.
    private static let base: StoreImage = {
        let events = (0..<40).map { number in
            NewEvent(id: UUID(bits: UInt128(number)), type: "E", occurredAt: .distantPast, payload: Bytes())
        }
        let segment = EncodedSegment(number: 1, commits: [EncodedCommit(events, of: stream)]).bytes
        var image = StoreImage([.checksums, .order, .manifest])
        image.addSegment(segment, kind: .events)
        image.completeManifest()
        return image
    }()

    /// That store, without any snapshot.
    static var storeForSnapshots: SimulatedStorage { base.storage }

    private static func checkSnapshots(_ bytes: [UInt8]) async throws {
        var input = FuzzInput(bytes)
        var image = StoreImage(StoreImage.Repairs(rawValue: input.byte()))
        for (name, file) in base.files { image.add(file, as: name) }
        let name = image.addSegment(input.remainder(), kind: .snapshots)
        let device = SimulatedDevice(image.storage)
        try checkInspection(of: name, on: device)
        let report = try StrataStore.verify(on: device)
        try check(report)
        try require(report.damage.isEmpty, "damaged snapshots count as damage to the log")
        guard report.snapshots > 0 else { return }
        let store = try await StrataStore.open(on: device, options: StoreCheck.readOnly)
        for summary in try await store.snapshots.list() {
            try require(summary.version <= 40 && summary.stream == stream, "a snapshot is ahead of its stream")
            guard let snapshot = try await store.snapshots.latest(for: summary.stream) else { continue }
            try require(
                snapshot.version == summary.version && snapshot.state.count == summary.stateBytes,
                "a snapshot is not what the list says")
        }
    }
}
