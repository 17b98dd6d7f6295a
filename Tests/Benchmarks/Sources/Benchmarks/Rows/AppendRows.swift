import Strata

/// Appends: durable ones with one writer, many, and batches; and those that leave syncing for later.
enum AppendRows {
    static let all: [Row] = [
        durable(
            "append-1", "1 writer, one event an append, durable", writers: 1,
            targets: [
                .ratio(to: Side.rawLimit, .atLeast(0.9)), .ratioToBestPeer(.atLeast(1.5)),
            ]),
        durable(
            "append-100", "100 writers, one event an append, durable", writers: 100, records: 100,
            peers: [.sqlite, .grdb, .rocksDB, .rocksDBSerial, .lmdb],
            targets: [
                .ratio(to: Side.rawLimit, .atLeast(0.6)), .ratio(to: PeerKind.sqlite.rawValue, .atLeast(20)),
                .ratio(to: PeerKind.rocksDB.rawValue, .atLeast(5)), .detail("p99 / p50", .atMost(3)),
                .detail("slowest writer / mean", .atLeast(0.5)),
            ]),
        durable(
            "append-100-recorded", "100 writers, the recorded input, durable", writers: 100, records: 100,
            isRecorded: true, targets: []),
        durable(
            "batch-100", "1 writer, 100 events an append, durable", writers: 1, batch: 100,
            targets: [
                .ratio(to: Side.rawLimit, .atLeast(0.75))
            ]),
        durable(
            "batch-1000", "1 writer, 1,000 events an append, durable", writers: 1, batch: 1_000,
            targets: [
                .ratio(to: Side.rawLimit, .atLeast(0.75))
            ]),
        durable(
            "batch-100x4", "4 appends in flight, 100 events each, durable", writers: 4, batch: 100,
            targets: [
                .ratio(to: Side.rawLimit, .atLeast(0.9))
            ]),
        durable(
            "batch-1000x4", "4 appends in flight, 1,000 events each, durable", writers: 4, batch: 1_000,
            targets: [
                .ratio(to: Side.rawLimit, .atLeast(0.9))
            ]),
        unsynced("interval-16", "16 writers, one event an append, synced every 100 ms", .interval(.milliseconds(100))),
        unsynced("none-16", "16 writers, one event an append, synced by the system", .none),
    ]

    private static func durable(
        _ id: String, _ title: String, writers: Int, batch: Int = 1, records: Int = 1, isRecorded: Bool = false,
        peers: [PeerKind] = [.sqlite, .grdb, .rocksDB, .lmdb], targets: [Target]
    ) -> Row {
        Row(id: id, title: title, unit: .eventsPerSecond, targets: targets) { context in
            guard let sample = isRecorded ? context.recorded : context.orders else { return [] }
            return try await sides(
                id, context, sample, writers: writers, batch: batch, records: records, durability: .commit,
                peers: peers)
        }
    }

    private static func unsynced(
        _ id: String, _ title: String, _ durability: StrataOptions.DurabilityMode
    ) -> Row {
        Row(id: id, title: title, unit: .eventsPerSecond, targets: [.value(.atLeast(1_000_000))]) { context in
            try await sides(
                id, context, context.orders, writers: 16, batch: 1, records: 100, durability: durability,
                peers: [.sqlite, .rocksDB, .lmdb])
        }
    }

    private static func sides(
        _ id: String, _ context: Context, _ sample: EventSample, writers: Int, batch: Int, records: Int,
        durability: StrataOptions.DurabilityMode, peers: [PeerKind]
    ) async throws -> [Side] {
        let seconds = context.scale.seconds
        let isSynced = durability == .commit
        let recordBytes = try await RawLimit.recordBytes(
            of: sample, batch: batch, in: context.makeDirectory("\(id)-record"))
        let rawDirectory = try context.makeDirectory("\(id)-raw")
        let strata = try await StrataAppends(
            path: context.makeDirectory("\(id)-strata"), sample: sample, writers: writers, batch: batch,
            durability: durability, measuresLatency: isSynced)
        var sides = [
            Side(Side.strata, finish: { try await strata.close() }) {
                try await strata.run(seconds: seconds).round()
            },
            Side(Side.rawLimit) {
                try await onThread {
                    try RawLimit.append(
                        in: rawDirectory, recordBytes: recordBytes, records: records, eventsPerRecord: batch,
                        syncs: isSynced, seconds: seconds
                    ).round()
                }
            },
        ]
        for kind in peers {
            let peer = try PeerAppends(
                kind, path: context.makeDirectory("\(id)-\(kind)"), sample: sample, writers: writers, batch: batch,
                durability: isSynced ? .synced : .written)
            sides.append(
                Side(kind.rawValue, finish: { peer.close() }) { try await peer.run(seconds: seconds).round() })
        }
        return sides
    }
}
