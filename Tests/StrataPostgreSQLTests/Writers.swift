#if PostgreSQL
import EventSourcing
import Foundation
import ServerTesting
import StrataPostgreSQL
import Testing

/// Processes that append to shared streams side by side, and what they say became of it.
struct Writers {
    /// An append that was acknowledged.
    struct Stored {
        let stream: StreamID
        let version: Int
        let position: Int
        let ids: [UUID]
    }

    private(set) var stored: [Stored] = []
    private(set) var conflicts = 0
    /// Events of appends that failed: none of them may be there.
    private(set) var failed: Set<UUID> = []
    /// Events of appends whose outcome is unknown.
    private(set) var unknown: Set<UUID> = []

    /// Runs processes until they end by themselves.
    static func run(
        _ processes: Int, on server: TestServer, _ schema: PostgreSQLSchema, streams: [StreamID], seconds: Double,
        seed: UInt64
    ) async throws -> Writers {
        let program = try #require(ChildProcess.builtProgram("postgresql-writer"))
        return try await withThrowingTaskGroup { group in
            for number in 0..<processes {
                let arguments =
                    [server.connection, schema.name, String(seed &+ UInt64(number)), String(seconds)]
                    + streams.map(\.description)
                group.addTask { try await ChildProcess.run(program, arguments) }
            }
            var writers = Writers()
            for try await ended in group {
                #expect(ended.status == 0)
                for line in ended.output.split(separator: "\n") { try writers.take(line) }
            }
            return writers
        }
    }

    private mutating func take(_ line: Substring) throws {
        let words = line.split(separator: " ").map(String.init)
        let ids = words.compactMap { UUID(uuidString: $0) }
        switch words.first {
        case "stored":
            stored.append(
                Stored(
                    stream: try #require(StreamID(words[1])), version: try #require(Int(words[2])),
                    position: try #require(Int(words[3])), ids: ids))
        case "conflict": conflicts += 1
        case "failed": failed.formUnion(ids)
        case "unknown": unknown.formUnion(ids)
        default: Issue.record("a writer says: \(line)")
        }
    }

    /// Compares what was acknowledged with what is there.
    func check(_ feed: [RecordedEvent]) {
        #expect(zip(feed, feed.dropFirst()).allSatisfy { $0.position < $1.position })
        #expect(zip(feed, feed.dropFirst()).allSatisfy { $0.storedAt <= $1.storedAt })
        let events = Dictionary(feed.map { ($0.id, $0) }) { first, _ in first }
        #expect(events.count == feed.count, "an event is there twice")
        for append in stored {
            for (offset, id) in append.ids.enumerated() {
                let event = events[id]
                #expect(event?.stream == append.stream)
                #expect(event?.version == append.version + offset)
                #expect(event?.position.rawValue == append.position + offset)
            }
        }
        let acknowledged = Set(stored.flatMap(\.ids))
        #expect(acknowledged.count == stored.reduce(0) { $0 + $1.ids.count }, "a version was acknowledged twice")
        for event in feed where !acknowledged.contains(event.id) {
            #expect(unknown.contains(event.id), "an event is there that was not acknowledged: \(event.stream)")
        }
        #expect(failed.isDisjoint(with: events.keys))
        for (stream, events) in Dictionary(grouping: feed, by: \.stream) {
            #expect(events.map(\.version) == Array(1...events.count), "\(stream) has gaps or is out of order")
        }
    }
}

extension ChildProcess {
    /// A program of this package, which stands beside the bundle of tests.
    static func builtProgram(_ name: String) -> String? {
        var folder = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
        for _ in 0..<4 {
            let candidate = folder.appending(path: name).path
            if FileManager.default.isExecutableFile(atPath: candidate) { return candidate }
            folder.deleteLastPathComponent()
        }
        return nil
    }
}
#endif
