import EventInterchange
import EventSourcing
import FoundationEssentials
import Strata
import StrataTesting

/// Inputs to begin with, made of what the engine writes.
package enum FuzzSeeds {
    /// The inputs by target and name.
    package static func make() async throws -> [String: [String: [UInt8]]] {
        var seeds: [String: [String: [UInt8]]] = ["metadata": metadata, "lz4": lz4]
        let stores = try await stores()
        for (name, store) in stores {
            for mode in [0, 15] as [UInt8] {
                for actions in [0, 7] as [UInt8] {
                    seeds["store", default: [:]]["\(name)-\(mode)-\(actions)"] = [mode, actions] + input(of: store)
                    if actions == 0 {
                        seeds["salvage", default: [:]]["\(name)-\(mode)"] = [mode, actions] + input(of: store)
                    }
                }
            }
            seeds["manifest", default: [:]][name] = store["MANIFEST"].map { [0] + $0 }
            for (file, bytes) in store where file.hasPrefix("events/") && file.hasSuffix(".seg") {
                let name = "\(name)-\(file.dropFirst(7).drop { $0 == "0" }.prefix { $0 != "." })"
                seeds["segment", default: [:]][name] = [0] + bytes
                seeds["segment", default: [:]][name + "-repaired"] = [7] + bytes
                seeds["segment", default: [:]][name + "-sealed"] = [0x87] + bytes
                seeds["frame", default: [:]].merge(frames(of: bytes, name, kind: .events)) { $1 }
                seeds["line", default: [:]].merge(lines(of: bytes, name)) { $1 }
            }
        }
        for (name, file) in try await compacted() {
            seeds["compacted", default: [:]][name] = [0] + file
            seeds["compacted", default: [:]][name + "-repaired"] = [1] + file
        }
        seeds["line", default: [:]].merge(lines) { $1 }
        seeds["sidecar"] = sidecars
        let snapshots = try await snapshots()
        seeds["snapshots"] = ["engine": [0] + snapshots, "repaired": [3] + snapshots]
        seeds["frame", default: [:]].merge(frames(of: snapshots, "snapshots", kind: .snapshots)) { $1 }
        return seeds
    }

    /// Sidecars of small segments.
    private static var sidecars: [String: [UInt8]] {
        var sidecars: [String: [UInt8]] = [:]
        for (name, commits) in [("empty", 0), ("one", 1), ("many", 60)] {
            var index = GrowingIndex()
            let type = index.addType(Array("Order".utf8).span.bytes, tag: FrameHeader.tag(of: "Order"))
            var header = FrameHeader(kind: .commit, epoch: 1, durableMark: 64, storedAt: .distantPast)
            for commit in 0..<commits {
                header.firstPosition = 2 * commit + 1
                header.firstVersion = 2 * (commit / 7) + 1
                header.eventCount = 2
                header.aggregateID = UInt128(commit % 7)
                _ = index.add(header, at: 64 + 1_600 * commit, type: type)
                for event in 0..<2 { index.addEvent(UInt128(2 * commit + event), at: 64 + 1_600 * commit) }
            }
            index.add(
                IndexedRelease(
                    type: type, id: 3, firstLiveVersion: 2, isTruncated: true, isTombstoned: false, offset: 64),
                .distantPast)
            let binding = SidecarBinding(
                storeID: 1, number: 1, generation: 0, digest: 2,
                identity: FileIdentity(node: 3, change: 4, length: 64 + 1_600 * commits))
            let bytes = SidecarEncoding(index).encoded(for: binding)
            sidecars[name] = [0] + bytes
            sidecars[name + "-repaired"] = [1] + bytes
        }
        return sidecars
    }

    /// Files of stores, by the stores' names.
    private static func stores() async throws -> [String: [String: [UInt8]]] {
        var stores: [String: [String: [UInt8]]] = [:]
        let device = SimulatedDevice(seed: 1)
        device.keepImages()
        var randomness = SeededRandomness(seed: 2)
        let streams = (0..<3).map { StreamID($0 == 0 ? "Order" : "Küche", UUID(using: &randomness)) }
        for round in 1...3 {
            let store = try await StrataStore.open(
                on: device, options: StrataOptions(segmentBytes: 1_200, idleMarkDelay: nil))
            for stream in streams {
                let events = (0..<round).map { _ in event(using: &randomness) }
                let result = try await store.events.append(events, to: stream, expecting: .any)
                try await store.snapshots.save(
                    Snapshot(
                        stream: stream, version: result.version, schemaVersion: round, createdAt: .distantPast,
                        state: Bytes(Array(repeating: UInt8(round), count: 60))))
            }
            _ = try await store.snapshots.delete(for: streams[round - 1])
            if round == 2 { _ = try await store.events.truncate(streams[0], before: 2, expecting: .any) }
            if round == 3 { _ = try await store.events.delete(streams[1], mode: .soft, expecting: .any) }
            if round == 3 { _ = try await store.events.delete(streams[2], mode: .tombstone, expecting: .any) }
            try await store.close()
            if round != 2 { stores["closed-\(round)"] = device.storage.contents }
        }
        let images = device.images
        for part in [3, 5, 7, 9] { stores["crashed-\(part)"] = images[images.count * part / 10].storage.contents }
        return stores
    }

    /// Compacted segments of the store that the target `compacted` makes, with generation 1.
    private static func compacted() async throws -> [String: [UInt8]] {
        var files: [String: [UInt8]] = [:]
        for compression in CompactionOptions.Compression.allCases {
            var image = StoreImage([])
            let header = SegmentHeader(
                kind: .events, storeID: StoreImage.storeID, number: 1, epoch: 1, createdAt: .distantPast)
            image.add(header.encoded(), as: SegmentIdentity(number: 1).name)
            let manifest = Manifest(
                storeID: StoreImage.storeID, generation: 0, createdAt: .distantPast, sealed: [], active: 1)
            image.add(manifest.encoded(), as: StoreImage.manifestName)
            let device = SimulatedDevice(image.storage, seed: 3)
            var randomness = SeededRandomness(seed: 4)
            let stream = StreamID("Order", UUID(using: &randomness))
            let store = try await StrataStore.open(on: device, options: StrataOptions(idleMarkDelay: nil))
            for _ in 0..<20 {
                _ = try await store.events.append([event(using: &randomness)], to: stream, expecting: .any)
            }
            _ = try await store.events.truncate(stream, before: 3, expecting: .any)
            _ = try await store.compact(CompactionOptions(compression: compression)).report()
            try await store.close()
            for (name, bytes) in device.storage.contents where name.contains("-") && name.hasSuffix(".seg") {
                files["\(compression)"] = bytes
            }
        }
        return files
    }

    private static func event(using randomness: inout SeededRandomness) -> NewEvent {
        NewEvent(
            id: UUID(using: &randomness), type: "OrderPlaced",
            occurredAt: Timestamp(seconds: 1_700_000_000, nanoseconds: 5) ?? .distantPast,
            payload: Bytes(#"{"n":1}"#), metadata: EventMetadata(tenantID: "t", additional: ["k": "v"]))
    }

    /// A store as an input of the target `store`.
    private static func input(of store: [String: [UInt8]]) -> [UInt8] {
        store.sorted { $0.key < $1.key }.reduce(into: []) { input, file in
            let (name, bytes) = file
            let place: UInt8 =
                switch name {
                case "MANIFEST": 0
                case "MANIFEST.new": 1
                case "LOCK": 2
                case _ where name.hasSuffix(".idx"): 4
                default: name.hasPrefix("events/") ? 6 : name.hasPrefix("snapshots/") ? 5 : 3
                }
            input += [place] + [UInt8](littleEndian: UInt16(bytes.count)) + bytes
        }
    }

    /// The frames of a segment as inputs of the target `frame`, one of each kind.
    private static func frames(of segment: [UInt8], _ name: String, kind: SegmentKind) -> [String: [UInt8]] {
        guard let header = try? SegmentHeader(decoding: segment.span.bytes) else { return [:] }
        var frames: [String: [UInt8]] = [:]
        var offset = Format.segmentHeaderBytes
        while let frame = FrameHeader(
            decoding: Array(segment[offset...]).span.bytes, at: offset, binding: header.binding)
        {
            let end = min(segment.count, offset + frame.frameLength)
            let mode: UInt8 = kind == .events ? 1 : 5
            frames["\(frame.kind)"] = [mode] + [UInt8](littleEndian: UInt16(offset / 8)) + segment[offset..<end]
            offset = end
        }
        return frames
    }

    private static func snapshots() async throws -> [UInt8] {
        let device = SimulatedDevice(FuzzTarget.storeForSnapshots)
        let store = try await StrataStore.open(on: device, options: StrataOptions(idleMarkDelay: nil))
        var randomness = SeededRandomness(seed: 3)
        for version in [10, 20, 30] {
            let state = version == 20 ? randomness.bytes(64) : Array(repeating: UInt8(version), count: 500)
            try await store.snapshots.save(
                Snapshot(
                    stream: FuzzTarget.stream, version: version, schemaVersion: 1, createdAt: .distantPast,
                    state: Bytes(state)))
            if version == 10 { _ = try await store.snapshots.delete(for: FuzzTarget.stream) }
        }
        try await store.close()
        return device.storage.contents.first { $0.key.hasPrefix("snapshots/") }?.value ?? []
    }
}

extension FuzzSeeds {
    private static let metadata: [String: [UInt8]] = [
        "well-known": Array(EventMetadata(correlationID: "c", causationID: "d", tenantID: "t", actor: "a").encoded),
        "additional": Array(EventMetadata(["key": "value", "é": String(repeating: "x", count: 200)]).encoded),
        "repeated": [0, 1, 1, 0x61, 0, 1, 1, 0x62],
    ]

    private static var lz4: [String: [UInt8]] {
        var seeds: [String: [UInt8]] = ["compressing": [1, 0, 0, 0] + Array("abcabcabcabcabcabcabcabc, abc".utf8)]
        for length in [64, 1_000] {
            let plain = (0..<length).map { UInt8($0 % 7) }
            let header = [0] + [UInt8](littleEndian: UInt32(length)).prefix(3)
            seeds["block-\(length)"] = LZ4Block.compress(plain.span.bytes).map { header + $0 }
        }
        return seeds
    }

    /// The first event of a segment's first commit, as an export shows it.
    private static func lines(of segment: [UInt8], _ name: String) -> [String: [UInt8]] {
        var randomness = SeededRandomness(seed: UInt64(segment.count))
        var line: [UInt8] = [31, 255]
        RecordedEvent(
            event(using: &randomness), stream: FuzzTarget.stream, version: 1, position: 1, storedAt: .distantPast
        ).appendLine(to: &line)
        return ["export": line]
    }

    private static let lines: [String: [UInt8]] = {
        let id = "550e8400-e29b-41d4-a716-446655440000"
        let event = #""event_id":"\#(id)","event_type":"T","occurred_at":"2026-01-15T10:30:45.5+01:00""#
        let texts = [
            "single":
                #"{"aggregate_type":"Order","aggregate_id":"\#(id)",\#(event),"data":[1.5e-3,"\u00e9\ud83d\ude00"]}"#,
            "commit":
                #"{"stream":"Order/\#(id)","expected_version":"no_stream","events":[{\#(event),"data":null}]}"#,
            "binary":
                #"{"stream":"Order/\#(id)","events":[{\#(event),"data_base64":"AAEC","content_type":"application/cbor"}]}"#,
            "lines": "\u{FEFF}{\"a\":1}\r\n\r\n  \n\"\\q\"\n[[[[",
            "metadata":
                #"{"aggregate_type":"O","aggregate_id":"\#(id)","schema_version":2,"metadata":{"actor":"a","k":"v"},\#(event),"data":{}}"#,
        ]
        return texts.mapValues { [7, 255] + Array($0.utf8) }
    }()
}
