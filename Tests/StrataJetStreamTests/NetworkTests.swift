#if JetStream
import EventSourcing
import Foundation
import ServerTesting
import StrataJetStream
import Testing

extension JetStreamTests {
    /// What happens when the network between a store and its server fails.
    @Suite(.serialized) struct NetworkTests {
        private let event = NewEvent(type: "Opened", occurredAt: .now(), payload: Bytes("{}"))
        private let stream = StreamID("Order", UUID())

        @Test func aConnectionCutAgainAndAgainUnderWritersLosesNothing() async throws {
            let proxy = try TestServers.single.proxy()
            let options = TestServers.single.options {
                $0.servers = ["nats://127.0.0.1:\(proxy.port)"]
                ($0.requestTimeout, $0.retryTime) = (.seconds(1), .milliseconds(300))
            }
            let appends = AcknowledgedAppends()
            let store = try await JetStreamStore.open(options)
            try await withThrowingTaskGroup { group in
                for _ in 1...4 {
                    group.addTask {
                        let stream = StreamID("Order", UUID())
                        while !Task.isCancelled {
                            await appends.append(2, to: stream, expecting: .any, of: store.events)
                        }
                    }
                }
                for _ in 1...4 {
                    let (acknowledged, refused) = (appends.acknowledgedCount, appends.refusedCount)
                    while appends.acknowledgedCount < acknowledged + 100 { await Task.yield() }
                    proxy.cut()
                    while appends.refusedCount == refused { await Task.yield() }
                    try proxy.restore()
                }
                let acknowledged = appends.acknowledgedCount
                while appends.acknowledgedCount < acknowledged + 100 { await Task.yield() }
                group.cancelAll()
                try await group.waitForAll()
            }
            try await appends.expectAgreement(with: store.events)
            try await store.remove()
            store.close()
        }

        @Test func aReaderBesideCutsSeesEachEventOnce() async throws {
            let proxy = try TestServers.single.proxy()
            try await TestServers.single.withStore { store, options in
                let events = (0..<5_000).map { NewEvent(type: "Counted", occurredAt: .now(), payload: Bytes("\($0)")) }
                for part in stride(from: 0, to: events.count, by: 100) {
                    let batch = Array(events[part..<part + 100])
                    _ = try await store.events.append(batch, to: stream, expecting: .exactly(part))
                }
                var through = options
                through.servers = ["nats://127.0.0.1:\(proxy.port)"]
                let reader = try await JetStreamStore.open(through)
                var seen: [UUID] = []
                for try await batch in reader.events.readAll() {
                    seen += batch.map(\.id)
                    proxy.cut()
                    try proxy.restore()
                }
                #expect(seen == events.map(\.id))
                reader.close()
            }
        }

        @Test func anAppendWhoseAnswersAreLostIsUnknownUntilItIsRepeated() async throws {
            let proxy = try TestServers.single.proxy()
            let options = TestServers.single.options {
                $0.servers = ["nats://127.0.0.1:\(proxy.port)"]
                ($0.requestTimeout, $0.retryTime) = (.milliseconds(300), .seconds(1))
            }
            let store = try await JetStreamStore.open(options)
            // The answer to the claim of the event's id comes, the one to the commit does not.
            proxy.swallowAnswers(behind: 1, holding: "MSG ")
            let failure = await #expect(throws: EventStoreError.self) {
                try await store.events.append([event], to: stream, expecting: .noStream)
            }
            #expect(failure?.code == .outcomeUnknown, "\(String(describing: failure))")
            #expect(failure?.message.contains("repeat the append") == true)
            try proxy.restore()
            #expect(try await repeated(in: store).version == 1)
            #expect(try await store.events.readAll().collect().map(\.id) == [event.id])
            try await store.remove()
            store.close()
        }

        @Test func anAppendFailsWhereTheNetworkSwallowsEverything() async throws {
            let proxy = try TestServers.single.proxy()
            let options = TestServers.single.options {
                $0.servers = ["nats://127.0.0.1:\(proxy.port)"]
                ($0.requestTimeout, $0.retryTime) = (.milliseconds(300), .seconds(1))
            }
            let store = try await JetStreamStore.open(options)
            proxy.swallow()
            let failure = await #expect(throws: EventStoreError.self) {
                try await store.events.append([event], to: stream, expecting: .noStream)
            }
            #expect(failure?.code == .ioFailure, "\(String(describing: failure))")
            #expect(failure?.message.contains("nothing was stored") == true)
            try proxy.restore()
            #expect(try await repeated(in: store).version == 1)
            #expect(try await store.events.readAll().collect().map(\.id) == [event.id])
            try await store.remove()
            store.close()
        }

        @Test func anAppendFindsAnotherConnectionWhereItsOwnStaysSilent() async throws {
            let proxy = try TestServers.single.proxy()
            let options = TestServers.single.options {
                $0.servers = ["nats://127.0.0.1:\(proxy.port)"]
                ($0.requestTimeout, $0.retryTime) = (.milliseconds(500), .seconds(60))
            }
            let store = try await JetStreamStore.open(options)
            proxy.swallow()
            try proxy.restore()
            let result = try await store.events.append([event], to: stream, expecting: .noStream)
            #expect(result.version == 1)
            try await store.remove()
            store.close()
        }

        /// Repeats the append until it no longer fails for the network.
        private func repeated(in store: JetStreamStore) async throws(EventStoreError) -> AppendResult {
            while true {
                let failure: EventStoreError
                do throws(EventStoreError) {
                    return try await store.events.append([event], to: stream, expecting: .noStream)
                } catch {
                    failure = error
                }
                guard [.ioFailure, .outcomeUnknown].contains(failure.code) else { throw failure }
            }
        }
    }
}
#endif
