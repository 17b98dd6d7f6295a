import EventSourcing
import Foundation
import Strata

/// Stores that hold a number of events, one a commit, and the same events on every side. Filled when first asked for,
/// and kept for later rows.
actor FilledStores {
    private static let chunk = 10_000

    private let directory: String
    private var known: [String: StoredContents] = [:]

    init(directory: String) {
        self.directory = directory
    }

    /// A store of Strata's. Its commits are taken over many at a time, which leaves what as many appends would.
    func strata(_ sample: EventSample, events: Int) async throws -> String {
        let (path, isFilled) = try place("strata-\(sample.name)-\(events)")
        guard !isFilled else { return path }
        let store = try await StrataStore.open(at: path, options: StrataOptions(durability: .none))
        var source = EventSource(sample)
        var stored = 0
        while stored < events {
            let count = min(Self.chunk, events - stored)
            let storedAt = Timestamp.now()
            try await store.events.importChanges(
                (0..<count).map { _ in
                    let append = source.next()
                    return .commit(
                        ImportedCommit(
                            append.events.map { sample.newEvent($0) }, to: sample.name(of: append.stream),
                            firstVersion: append.after + 1, storedAt: storedAt))
                })
            stored += count
        }
        try await store.close()
        try markFilled(path)
        return path
    }

    /// A store of a peer's.
    func peer(_ kind: PeerKind, _ sample: EventSample, events: Int) async throws -> any PeerStore {
        // SQLite and GRDB read the same file.
        let owner = kind == .grdb ? PeerKind.sqlite : kind
        let (path, isFilled) = try place("\(owner)-\(sample.name)-\(events)")
        let peer = try await onThread {
            let peer = try kind.open(at: path, sample: sample, durability: .written)
            guard !isFilled else { return peer }
            var source = EventSource(sample)
            var stored = 0
            while stored < events {
                let count = min(Self.chunk, events - stored)
                try peer.load((0..<count).map { _ in source.next() })
                stored += count
            }
            try peer.settle()
            return peer
        }
        try markFilled(path)
        return peer
    }

    /// What the stores of a number of events hold.
    func contents(_ sample: EventSample, events: Int) -> StoredContents {
        let name = "\(sample.name)-\(events)"
        if let contents = known[name] { return contents }
        let contents = StoredContents(sample, events: events)
        known[name] = contents
        return contents
    }

    private func place(_ name: String) throws -> (path: String, isFilled: Bool) {
        let path = directory + "/" + name
        if FileManager.default.fileExists(atPath: path + ".filled") { return (path, true) }
        try? FileManager.default.removeItem(atPath: path)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return (path, false)
    }

    private func markFilled(_ path: String) throws {
        try Data().write(to: URL(fileURLWithPath: path + ".filled"))
    }
}

/// Streams and ids of a filled store, to choose reads from.
struct StoredContents: Sendable {
    private static let keptIDs = 100_000
    private static let streamLength = 200

    let events: Int
    /// Streams that have events.
    let streams: [Int]
    /// Streams whose lengths are the nearest above 200 events.
    let longStreams: [Int]
    /// Ids of events that are stored, spread over the whole store.
    let ids: [SampleID]

    init(_ sample: EventSample, events: Int) {
        self.events = events
        var source = EventSource(sample)
        var lengths: [Int: Int] = [:]
        var ids: [SampleID] = []
        let stride = max(1, events / Self.keptIDs)
        for number in 0..<events {
            let append = source.next()
            lengths[append.stream, default: 0] += 1
            if number.isMultiple(of: stride) { ids.append(append.events[0].id) }
        }
        self.ids = ids
        streams = lengths.keys.sorted()
        longStreams = lengths.filter { $0.value >= Self.streamLength }.sorted {
            ($0.value, $0.key) < ($1.value, $1.key)
        }
        .prefix(500).map(\.key)
    }
}
