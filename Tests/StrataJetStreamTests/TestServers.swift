#if JetStream
import Foundation
import ServerTesting
import StrataJetStream
import Testing

/// NATS servers on loopback; Scripts/test-jetstream starts the shared ones and stops all.
struct TestServers: Sendable, CustomTestStringConvertible {
    let addresses: [String]
    let directory: String

    /// Whether there are servers to test with.
    static var areAvailable: Bool { environment("STRATA_NATS") != nil }

    /// The single server of all tests that leave it as it is.
    static var single: TestServers { shared("STRATA_NATS", "single") }
    /// The cluster of three of all tests that leave it as it is.
    static var cluster: TestServers { shared("STRATA_NATS_CLUSTER", "cluster") }

    /// Runs a test with servers of its own.
    ///
    /// - Parameters:
    ///   - room: what each may store, as the servers' configuration has it.
    ///   - tls: as Scripts/nats-servers has it; nil for none.
    static func with<Value>(
        _ count: Int, password: String? = nil, room: String = "20GB", tls: String? = nil,
        _ body: (TestServers) async throws -> Value
    ) async throws -> Value {
        let directory = try #require(environment("STRATA_NATS_SERVERS")) + "/" + UUID().uuidString
        let addresses = try await run(
            ["start", directory, String(count)] + (password.map { [$0] } ?? []),
            ["STRATA_NATS_ROOM": room, "STRATA_NATS_TLS": tls ?? ""])
        let servers = TestServers(addresses: addresses.split(separator: "\n").map(String.init), directory: directory)
        do {
            let value = try await body(servers)
            try await servers.stop()
            return value
        } catch {
            try await servers.stop()
            throw error
        }
    }

    private func stop() async throws { try await Self.run(["stop", directory]) }
    /// Ends a server, counted from 1, as a crash does.
    func kill(_ number: Int) async throws { try await Self.run(["kill", directory, String(number)]) }
    func pause(_ number: Int) async throws { try await Self.run(["pause", directory, String(number)]) }
    func resume(_ number: Int) async throws { try await Self.run(["resume", directory, String(number)]) }
    func restart(_ number: Int) async throws { try await Self.run(["restart", directory, String(number)]) }

    /// Options for a store that nobody else uses, kept on all servers.
    func options(_ change: (inout JetStreamOptions) -> Void = { _ in }) -> JetStreamOptions {
        var options = JetStreamOptions(
            servers: addresses, name: "t" + UUID().uuidString.replacing("-", with: "").prefix(12).lowercased())
        options.replicas = addresses.count
        change(&options)
        return options
    }

    /// A network of the test's own between clients and a single server.
    func proxy() throws -> NetworkProxy {
        try NetworkProxy(to: #require(addresses[0].split(separator: ":").last.flatMap { UInt16($0) }))
    }

    /// Runs a test with a store of its own.
    func withStore<Value>(
        _ change: (inout JetStreamOptions) -> Void = { _ in },
        _ body: (JetStreamStore, JetStreamOptions) async throws -> Value
    ) async throws -> Value {
        let options = options(change)
        let store = try await JetStreamStore.open(options)
        do {
            let value = try await body(store, options)
            try await store.remove()
            store.close()
            return value
        } catch {
            store.close()
            throw error
        }
    }

    var testDescription: String { addresses.count == 1 ? "a single server" : "a cluster of \(addresses.count)" }

    private static func shared(_ variable: String, _ folder: String) -> TestServers {
        TestServers(
            addresses: (environment(variable) ?? "").split(separator: "\n").map(String.init),
            directory: (environment("STRATA_NATS_SERVERS") ?? "") + "/" + folder)
    }

    static func environment(_ name: String) -> String? { ProcessInfo.processInfo.environment[name] }

    private static let script = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../Scripts/nats-servers").path

    @discardableResult
    private static func run(_ arguments: [String], _ environment: [String: String] = [:]) async throws -> String {
        let ended = try await ChildProcess.run(script, arguments, environment: environment)
        try #require(ended.status == 0, "\(arguments): \(ended.output)")
        return ended.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
#endif
