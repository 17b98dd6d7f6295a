#if JetStream
import EventSourcing
import Foundation
import ServerTesting
import StrataJetStream
import Testing

extension JetStreamTests {
    /// Several processes that append to the same streams.
    @Suite(.serialized) struct ProcessTests {
        private static let variable = "STRATA_NATS_WRITER"

        @Test(arguments: [TestServers.single, TestServers.cluster])
        func eightProcessesAppendToFiftySharedStreams(_ servers: TestServers) async throws {
            let seconds = Int(TestServers.environment("STRATA_SECONDS") ?? "") ?? 5
            let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: folder) }
            let options = servers.options { $0.retryTime = .seconds(60) }
            let store = try await JetStreamStore.open(options)
            let streams = (1...50).map { _ in UUID().uuidString }.joined(separator: ",")
            let program = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")

            var followed: [RecordedEvent] = []
            func follow() async throws {
                followed += try await store.events.readAll(after: followed.last?.position).collect()
            }
            try await withThrowingTaskGroup { group in
                for number in 1...8 {
                    let order = [
                        options.servers.joined(separator: " "), options.name, streams, String(seconds),
                        folder.appending(path: "\(number)").path,
                    ]
                    group.addTask {
                        let ended = try await ChildProcess.run(
                            program, ["--testing-library", "swift-testing", "--filter", "ProcessTests/writes"],
                            environment: [Self.variable: order.joined(separator: "|")])
                        try #require(ended.status == 0, "\(ended.output)")
                    }
                }
                var running = 8
                while running > 0 {
                    try await follow()
                    // A follower that never rests would take a core from the writers.
                    try await Task.sleep(for: .milliseconds(20))
                    if try FileManager.default.contentsOfDirectory(atPath: folder.path).count == 8 {
                        for try await _ in group { running -= 1 }
                    }
                }
            }
            try await follow()

            var acknowledged: [String: String] = [:]
            var conflicts = 0
            for number in 1...8 {
                let lines = try String(contentsOf: folder.appending(path: "\(number)"), encoding: .utf8)
                for line in lines.split(separator: "\n") {
                    let fields = line.split(separator: " ")
                    if fields.count == 1 { conflicts += Int(fields[0]) ?? 0 }
                    if fields.count == 2 { acknowledged[String(fields[0])] = String(fields[1]) }
                }
            }
            let feed = try await store.events.readAll().collect()
            #expect(followed == feed)
            #expect(Set(feed.map(\.id)).count == feed.count)
            let stored = Dictionary(feed.map { ($0.id.uuidString, "\($0.stream.id)/\($0.version)") }) { $1 }
            #expect(stored == acknowledged)
            for events in Dictionary(grouping: feed, by: \.stream).values {
                #expect(events.map(\.version) == Array(1...events.count))
            }
            #expect(conflicts > 0)
            print("8 processes, \(seconds) s, \(servers.testDescription): \(feed.count) events, \(conflicts) conflicts")
            try await store.remove()
            store.close()
        }

        /// What each of the processes does.
        @Test(.enabled(if: TestServers.environment(variable) != nil))
        func writes() async throws {
            let order = try #require(TestServers.environment(Self.variable)).split(separator: "|").map(String.init)
            var options = JetStreamOptions(servers: order[0].split(separator: " ").map(String.init), name: order[1])
            options.createsStore = false
            options.retryTime = .seconds(60)
            let store = try await JetStreamStore.open(options)
            let streams = order[2].split(separator: ",").compactMap { UUID(uuidString: String($0)) }
            let end = ContinuousClock.now + .seconds(Int(order[3]) ?? 1)
            var lines: [String] = []
            var conflicts = 0
            while ContinuousClock.now < end {
                let appended = try await append(to: StreamID("Order", streams.randomElement() ?? UUID()), of: store)
                lines += appended
                if appended.isEmpty { conflicts += 1 }
            }
            lines.append("\(conflicts)")
            store.close()
            try lines.joined(separator: "\n").write(toFile: order[4], atomically: true, encoding: .utf8)
        }

        /// Appends one to three events behind a stream's version; gives a line for each, and none for a conflict.
        private func append(to stream: StreamID, of store: JetStreamStore) async throws -> [String] {
            let version = try await store.events.version(of: stream)
            let events = (0..<Int.random(in: 1...3)).map { _ in
                NewEvent(type: "Counted", occurredAt: .now(), payload: Bytes("{}"))
            }
            var failure: EventStoreError?
            do throws(EventStoreError) {
                _ = try await store.events.append(events, to: stream, expecting: .exactly(version))
            } catch {
                failure = error
            }
            if let failure {
                // Conflicts are what this is about.
                guard failure.code == .versionConflict else { throw failure }
                return []
            }
            return events.enumerated().map { "\($1.id.uuidString) \(stream.id)/\(version + $0 + 1)" }
        }
    }
}
#endif
