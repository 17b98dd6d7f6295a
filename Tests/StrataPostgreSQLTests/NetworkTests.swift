#if PostgreSQL
import EventSourcing
import FoundationEssentials
import ServerTesting
import StrataPostgreSQL
import Testing

extension PostgreSQLTests {
    /// What happens when the network between a store and its server fails.
    @Suite struct NetworkTests {
        private let server = TestServer.shared
        private let event = NewEvent.sample()
        private let stream = StreamID.sample()

        @Test func anAppendGoesOnWhereItsConnectionIsCutAgainAndAgain() async throws {
            let proxy = try server.proxy()
            let pool = server.pool { $0.parameters["port"] = String(proxy.port) }
            let store = PostgreSQLEventStore(pool, schema: try await .migrated(using: pool))
            let (writing, appended) = AsyncStream<Void>.makeStream()
            let writer = Task {
                defer { appended.finish() }
                for version in 0..<300 {
                    _ = try await store.append([.sample()], to: stream, expecting: .exactly(version))
                    appended.yield()
                }
            }
            var count = 0
            for await _ in writing {
                count += 1
                guard count % 50 == 0 else { continue }
                proxy.cut()
                try proxy.restore()
            }
            try await writer.value
            #expect(try await store.readStream(stream).collect().map(\.version) == Array(1...300))
            pool.close()
        }

        @Test func anAppendWhoseAnswerIsLostIsUnknownUntilItIsRepeated() async throws {
            let proxy = try server.proxy()
            let pool = server.pool {
                $0.parameters["port"] = String(proxy.port)
                $0.parameters["connect_timeout"] = "2"
                $0.statementTimeout = .milliseconds(200)
                $0.acquireTimeout = .milliseconds(500)
                $0.reconnect.timeout = .milliseconds(500)
            }
            let store = PostgreSQLEventStore(pool, schema: try await .migrated(using: pool))
            proxy.swallowAnswers()
            let failure = await #expect(throws: EventStoreError.self) {
                try await store.append([event], to: stream, expecting: .noStream)
            }
            #expect(failure?.code == .outcomeUnknown, "\(String(describing: failure))")
            #expect(failure?.message.contains("do the same again") == true)
            try proxy.restore()
            #expect(try await store.append([event], to: stream, expecting: .noStream).version == 1)
            #expect(try await store.readAll().collect().map(\.id) == [event.id])
            pool.close()
        }
    }
}

extension TestServer {
    /// A network of a test's own between clients and the server.
    fileprivate func proxy() throws -> NetworkProxy {
        let port = connection.split(separator: ":").last?.prefix { $0 != "/" }
        return try NetworkProxy(to: #require(port.flatMap { UInt16($0) }))
    }
}
#endif
