#if JetStream
import EventSourcing
import Foundation
import StrataJetStream
import Testing

extension JetStreamTests {
    /// Connections that are encrypted, and what callers are told where that fails.
    @Suite(.serialized) struct TLSTests {
        /// Opens a store on a server of the test's own, and gives the error.
        private func error(
            tls: String? = "server", _ options: (TestServers) -> JetStreamOptions.TLS?
        ) async throws -> JetStreamError? {
            try await TestServers.with(1, tls: tls) { servers in
                await JetStreamStore.error(opening: servers.options { $0.tls = options(servers) })
            }
        }

        @Test func aStoreBehindTLSKeepsWhatItIsGiven() async throws {
            try await TestServers.with(1, tls: "server") { servers in
                try await servers.withStore(servers.trust) { store, _ in
                    let (stream, events) = (StreamID("Order", UUID()), (1...3).map { _ in Self.event() })
                    _ = try await store.events.append(events, to: stream, expecting: .noStream)
                    #expect(try await store.events.readStream(stream).collect().map(\.id) == events.map(\.id))
                    #expect(try await store.events.readAll().collect().map(\.id) == events.map(\.id))
                }
            }
        }

        @Test func anAppendBehindTLSGoesOnOnceTheServerIsBack() async throws {
            try await TestServers.with(1, tls: "server") { servers in
                try await servers.withStore(servers.trust) { store, _ in
                    let (stream, events) = (StreamID("Order", UUID()), [Self.event()])
                    try await servers.kill(1)
                    async let append = store.events.append(events, to: stream, expecting: .noStream)
                    try await servers.restart(1)
                    #expect(try await append.version == 1)
                }
            }
        }

        @Test func aServerKnowsAClientByItsCertificate() async throws {
            let failure = try await error(tls: "both") { servers in
                JetStreamOptions.TLS(
                    authorities: servers.file("ca.crt"),
                    identity: (certificates: servers.file("client.crt"), key: servers.file("client.key")))
            }
            #expect(failure == nil, "\(String(describing: failure))")
        }

        @Test func aMissingCertificateOfTheClientIsNamed() async throws {
            let failure = try await error(tls: "both") { .init(authorities: $0.file("ca.crt")) }
            #expect(failure?.code == .tlsFailed, "\(String(describing: failure))")
            #expect(failure?.message.contains("`tls.identity`") == true)
        }

        @Test func aKeyOfAnotherCertificateIsNamed() async throws {
            let failure = try await error(tls: "both") { servers in
                JetStreamOptions.TLS(identity: (certificates: servers.file("client.crt"), key: servers.file("ca.key")))
            }
            #expect(failure?.code == .tlsFailed, "\(String(describing: failure))")
            #expect(failure?.message.contains("ca.key") == true)
        }

        @Test func anAuthorityThatDidNotSignIsNotTrusted() async throws {
            let failure = try await error { .init(authorities: $0.file("client.crt")) }
            #expect(failure?.code == .tlsFailed, "\(String(describing: failure))")
            #expect(failure?.message.contains("name its authorities in `tls.authorities`") == true)
        }

        @Test func aCertificateForAnotherNameIsNotTrusted() async throws {
            let failure = try await error {
                .init(authorities: $0.file("ca.crt"), serverName: "db.example.com")
            }
            #expect(failure?.code == .tlsFailed, "\(String(describing: failure))")
            #expect(failure?.message.contains("`tls.serverName`") == true)
        }

        @Test func aServerThatDemandsTLSIsNotTrustedWithoutTheOption() async throws {
            let failure = try await error { _ in nil }
            #expect(failure?.code == .tlsFailed, "\(String(describing: failure))")
            #expect(failure?.message.contains("`tls.authorities`") == true)
        }

        @Test func aServerWithoutTLSIsNamedWhereTheOptionDemandsIt() async throws {
            let failure = try await error(tls: nil) { _ in .init() }
            #expect(failure?.code == .tlsFailed, "\(String(describing: failure))")
            #expect(failure?.message.contains("leave the option `tls` out") == true)
        }

        @Test func aFileOfAuthoritiesThatIsNotThereIsNamed() async throws {
            let failure = try await error { .init(authorities: $0.file("nowhere.crt")) }
            #expect(failure?.code == .tlsFailed, "\(String(describing: failure))")
            #expect(failure?.message.contains("nowhere.crt") == true)
        }

        private static func event() -> NewEvent {
            NewEvent(type: "Opened", occurredAt: .now(), payload: Bytes("{}"))
        }
    }
}

extension TestServers {
    /// Has clients know the server.
    fileprivate func trust(_ options: inout JetStreamOptions) {
        options.tls = .init(authorities: file("ca.crt"))
    }

    /// A certificate or key that Scripts/nats-servers has made.
    fileprivate func file(_ name: String) -> String { directory + "/" + name }
}
#endif
