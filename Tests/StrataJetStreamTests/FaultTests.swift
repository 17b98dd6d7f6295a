#if JetStream
import EventSourcing
import Foundation
import Logging
import StrataJetStream
import Synchronization
import Testing

extension JetStreamTests {
    /// What happens when servers fail, and what callers are told.
    @Suite(.serialized) struct FaultTests {
        @Test func aServerKilledBetweenAppendsLosesNothing() async throws {
            try await TestServers.with(1) { servers in
                let options = servers.options { ($0.requestTimeout, $0.retryTime) = (.seconds(1), .milliseconds(300)) }
                let store = try await JetStreamStore.open(options)
                let appends = AcknowledgedAppends()
                try await withThrowingTaskGroup { group in
                    for _ in 1...4 {
                        group.addTask {
                            let stream = StreamID("Order", UUID())
                            while appends.acknowledgedCount < 400 || appends.refusedCount == 0 {
                                await appends.append(2, to: stream, expecting: .any, of: store.events)
                            }
                        }
                    }
                    group.addTask {
                        while appends.acknowledgedCount < 200 { await Task.yield() }
                        try await servers.kill(1)
                        while appends.refusedCount == 0 { await Task.yield() }
                        try await servers.restart(1)
                    }
                    try await group.waitForAll()
                }
                store.close()
                let reopened = try await JetStreamStore.open(options)
                try await appends.expectAgreement(with: reopened.events)
                reopened.close()
            }
        }

        @Test func anAppendGoesOnOnceTheServerIsBack() async throws {
            try await TestServers.with(1) { servers in
                let store = try await JetStreamStore.open(servers.options())
                let stream = StreamID("Order", UUID())
                let appends = AcknowledgedAppends()
                await appends.append(1, to: stream, expecting: .noStream, of: store.events)
                try await servers.kill(1)
                async let append: Void = appends.append(1, to: stream, expecting: .exactly(1), of: store.events)
                try await servers.restart(1)
                await append
                #expect(appends.acknowledgedCount == 2)
                try await appends.expectAgreement(with: store.events)
                store.close()
            }
        }

        /// The larger payload is more than the sockets between here and the server hold: it cannot be written to the end.
        @Test(arguments: [2, EventLimits.payloadBytes])
        func aServerThatHangsLeavesNoDoubtThatARepetitionCannotSettle(payloadBytes: Int) async throws {
            try await TestServers.with(1) { servers in
                let options = servers.options { ($0.requestTimeout, $0.retryTime) = (.milliseconds(500), .seconds(1)) }
                let store = try await JetStreamStore.open(options)
                let stream = StreamID("Order", UUID())
                let events = [event(ofBytes: payloadBytes)]
                try await servers.pause(1)
                let failure = await #expect(throws: EventStoreError.self) {
                    try await store.events.append(events, to: stream, expecting: .noStream)
                }
                #expect(failure?.code == .ioFailure || failure?.code == .outcomeUnknown)
                try await servers.resume(1)
                let result = try await repeated { () throws(EventStoreError) in
                    try await store.events.append(events, to: stream, expecting: .noStream)
                }
                #expect(result.version == 1)
                let stored = try await store.events.readAll().collect()
                #expect(stored.map(\.id) == events.map(\.id))
                #expect(stored.map(\.payload) == events.map(\.payload))
                store.close()
            }
        }

        private func event(ofBytes count: Int) -> NewEvent {
            NewEvent(type: "Opened", contentType: .binary, payload: Bytes(Array(repeating: 7, count: count)))
        }

        @Test func aServerThatTakesNothingForAWhileKeepsItsConnection() async throws {
            try await TestServers.with(1) { servers in
                let options = servers.options { ($0.requestTimeout, $0.retryTime) = (.seconds(20), .seconds(60)) }
                let warnings = Warnings()
                let store = try await JetStreamStore.open(
                    options, logger: Logger(label: "test", factory: { _ in warnings }))
                let event = event(ofBytes: EventLimits.payloadBytes)
                try await servers.pause(1)
                async let append = store.events.append([event], to: StreamID("Order", UUID()), expecting: .noStream)
                try await servers.resume(1)
                #expect(try await append.version == 1)
                #expect(warnings.messages.withLock { $0 } == [])
                store.close()
            }
        }

        /// Keeps what is logged as a warning or worse.
        private final class Warnings: LogHandler {
            let messages = Mutex<[String]>([])
            var metadata: Logger.Metadata {
                get { [:] }
                set {}
            }
            var logLevel: Logger.Level {
                get { .warning }
                set {}
            }
            subscript(metadataKey _: String) -> Logger.Metadata.Value? {
                get { nil }
                set {}
            }

            func log(event: LogEvent) { messages.withLock { $0.append("\(event.message)") } }
        }

        /// Whoever writes would wait for it for good, and others for whoever writes.
        @Test(.timeLimit(.minutes(5))) func aServerThatTakesNothingLosesItsConnection() async throws {
            try await TestServers.with(1) { servers in
                let options = servers.options { ($0.requestTimeout, $0.retryTime) = (.milliseconds(500), .seconds(1)) }
                let warnings = Warnings()
                let store = try await JetStreamStore.open(
                    options, logger: Logger(label: "test", factory: { _ in warnings }))
                try await servers.pause(1)
                await #expect(throws: EventStoreError.self) {
                    try await store.events.append(
                        [event(ofBytes: EventLimits.payloadBytes)], to: StreamID("Order", UUID()), expecting: .noStream)
                }
                while warnings.messages.withLock(\.isEmpty) { try await Task.sleep(for: .milliseconds(10)) }
                try await servers.resume(1)
                store.close()
            }
        }

        /// Repeats a call until it no longer fails for the server.
        private func repeated<Value>(
            _ call: () async throws(EventStoreError) -> Value
        ) async throws(EventStoreError) -> Value {
            while true {
                let failure: EventStoreError
                do throws(EventStoreError) {
                    return try await call()
                } catch {
                    failure = error
                }
                guard [.ioFailure, .outcomeUnknown].contains(failure.code) else { throw failure }
            }
        }

        @Test func aLeaderKilledUnderEightWritersLosesNothing() async throws {
            try await TestServers.with(3) { servers in
                let options = servers.options { $0.retryTime = .seconds(60) }
                let first = try await JetStreamStore.open(options)
                let leader = try #require(try await first.leaderOfEvents().flatMap { Int($0.dropFirst()) })
                let appends = AcknowledgedAppends()
                let streams = (1...4).map { _ in StreamID("Order", UUID()) }
                try await withThrowingTaskGroup { group in
                    for writer in 0..<8 {
                        group.addTask {
                            let store = try await JetStreamStore.open(options)
                            while appends.acknowledgedCount < 600 {
                                await appends.append(2, to: streams[writer % 4], expecting: .any, of: store.events)
                            }
                            store.close()
                        }
                    }
                    group.addTask {
                        while appends.acknowledgedCount < 200 { await Task.yield() }
                        try await servers.kill(leader)
                        while appends.acknowledgedCount < 400 { await Task.yield() }
                        try await servers.restart(leader)
                    }
                    try await group.waitForAll()
                }
                try await appends.expectAgreement(with: first.events)
                first.close()
            }
        }

        @Test func aServerWithoutRoomRefusesAppendsAndKeepsTheOthers() async throws {
            try await TestServers.with(1, room: "4MB") { servers in
                let store = try await JetStreamStore.open(servers.options())
                let stream = StreamID("Order", UUID())
                let payload = Bytes(Array(repeating: 0, count: 400_000))
                var stored: [UUID] = []
                let failure = await #expect(throws: EventStoreError.self) {
                    for _ in 1...20 {
                        let event = NewEvent(
                            type: "Opened", occurredAt: .now(), contentType: .binary, payload: payload)
                        _ = try await store.events.append([event], to: stream, expecting: .exactly(stored.count))
                        stored.append(event.id)
                    }
                }
                #expect(failure?.code == .storageFull, "\(String(describing: failure))")
                #expect(try await store.events.readAll().collect().map(\.id) == stored)
                store.close()
            }
        }

        @Test func aWrongPasswordIsNamed() async throws {
            try await TestServers.with(1, password: "secret") { servers in
                let wrong = await JetStreamStore.error(
                    opening: servers.options { $0.credentials = .user("strata", password: "x") })
                #expect(wrong?.code == .authenticationFailed, "\(String(describing: wrong))")
                let right = await JetStreamStore.error(
                    opening: servers.options { $0.credentials = .user("strata", password: "secret") })
                #expect(right == nil, "\(String(describing: right))")
            }
        }

        @Test func aServerThatIsNotThereIsNamed() async throws {
            let failure = await JetStreamStore.error(opening: JetStreamOptions(servers: ["nats://127.0.0.1:1"]))
            #expect(failure?.code == .unreachable)
            #expect(failure?.message.contains("nats://127.0.0.1:1") == true)
        }

        @Test func replicasWithoutAClusterAreRefused() async throws {
            let failure = await JetStreamStore.error(opening: TestServers.single.options { $0.replicas = 3 })
            #expect(failure?.code == .noQuorum, "\(String(describing: failure))")
        }

        @Test func aStoreThatIsNotThereIsNotFound() async throws {
            let failure = await JetStreamStore.error(opening: TestServers.single.options { $0.createsStore = false })
            #expect(failure?.code == .notFound, "\(String(describing: failure))")
        }

        @Test func aStoreOfANewerFormatIsNotOpened() async throws {
            try await TestServers.single.withStore { store, options in
                try await store.markAsFormat(99)
                let failure = await JetStreamStore.error(opening: options)
                #expect(failure?.code == .unsupportedFormat, "\(String(describing: failure))")
            }
        }

        @Test func aClosedStoreSaysSo() async throws {
            let store = try await TestServers.single.withStore { store, _ in store }
            let failure = await #expect(throws: EventStoreError.self) {
                try await store.events.version(of: .init("A", UUID()))
            }
            #expect(failure?.code == .closed)
        }
    }
}
#endif
