#if JetStream
import CNATS
import EventSourcing
import Foundation
import StrataJetStream

/// Appends and loads through the store, and the same messages through libnats alone, one after the other on one connection.
///
///     STRATA_NATS=nats://127.0.0.1:4222 swift run -c release --traits JetStream JetStreamBenchmark
@main
enum JetStreamBenchmark {
    private static let appends = 5_000
    private static let loads = 100
    private static let streamLength = 200
    private static let payload = Bytes(Array(repeating: UInt8(ascii: "x"), count: 200))

    static func main() async throws {
        let address = ProcessInfo.processInfo.environment["STRATA_NATS"] ?? "nats://127.0.0.1:4222"
        let name = "b" + UUID().uuidString.prefix(8).lowercased()
        let store = try await JetStreamStore.open(JetStreamOptions(servers: [address], name: name))
        // The main actor costs a hop for each call.
        try await Task.detached { try await compare(store, RawClient(address, name)) }.value
        try await store.remove()
        store.close()
    }

    private static func compare(_ store: JetStreamStore, _ raw: RawClient) async throws {
        let stream = StreamID("Bench", UUID())
        let ours = try await rate(of: appends) { version in
            let event = NewEvent(
                type: "Measured", occurredAt: .now(), contentType: .binary, payload: payload)
            _ = try await store.events.append([event], to: stream, expecting: .exactly(version))
        }
        let theirs = try await rate(of: appends) { try raw.append(Array(payload), number: $0) }
        report("appends", ours, theirs)

        let loaded = StreamID("Bench", UUID())
        var sequences: [UInt64] = []
        for version in 0..<streamLength {
            let event = NewEvent(type: "Measured", occurredAt: .now(), contentType: .binary, payload: payload)
            let result = try await store.events.append([event], to: loaded, expecting: .exactly(version))
            sequences.append(UInt64(result.firstPosition.rawValue >> 14))
        }
        let gets = sequences
        let ourLoads = try await rate(of: loads) { _ in
            guard try await store.events.readStream(loaded).collect().count == streamLength else { throw Failure() }
        }
        let theirLoads = try await rate(of: loads) { _ in try raw.load(gets) }
        report("loads of \(streamLength) events", ourLoads, theirLoads)
    }

    private static func rate(of count: Int, _ body: (Int) async throws -> Void) async throws -> Double {
        let start = ContinuousClock.now
        for index in 0..<count { try await body(index) }
        return Double(count) / ((ContinuousClock.now - start) / .seconds(1))
    }

    private static func report(_ what: String, _ ours: Double, _ theirs: Double) {
        print(
            "\(what): \(Int(ours)) a second, libnats alone \(Int(theirs)), ratio "
                + "\((ours / theirs * 100).rounded() / 100)")
    }
}

struct Failure: Error {}

/// libnats's own calls, which block.
private struct RawClient: @unchecked Sendable {
    // Used by one task.
    private let context: OpaquePointer
    private let name: String

    init(_ address: String, _ name: String) throws {
        var connection: OpaquePointer?
        var context: OpaquePointer?
        guard natsConnection_ConnectTo(&connection, address) == NATS_OK,
            natsConnection_JetStream(&context, connection, nil) == NATS_OK, let context
        else { throw Failure() }
        self.context = context
        self.name = name
    }

    /// A claim and a commit, as the store makes them.
    func append(_ payload: [UInt8], number: Int) throws {
        try publish("\(name).i.raw\(number)", Array(repeating: 0, count: 38), expecting: 0)
        try publish("\(name).e.Raw.\(UUID().uuidString)", payload + Array(repeating: 0, count: 120), expecting: 0)
    }

    private func publish(_ subject: String, _ bytes: [UInt8], expecting sequence: UInt64) throws {
        var message: OpaquePointer?
        defer { natsMsg_Destroy(message) }
        let made = bytes.withUnsafeBytes {
            natsMsg_Create(
                &message, subject, nil, $0.baseAddress?.assumingMemoryBound(to: CChar.self), Int32($0.count))
        }
        guard made == NATS_OK,
            natsMsgHeader_Set(message, "Nats-Expected-Last-Subject-Sequence", String(sequence)) == NATS_OK,
            natsMsgHeader_Set(message, "Nats-Msg-Id", UUID().uuidString) == NATS_OK,
            js_PublishMsg(nil, context, message, nil, nil) == NATS_OK
        else { throw Failure() }
    }

    /// The same messages by their sequences.
    func load(_ sequences: [UInt64]) throws {
        for sequence in sequences {
            var options = jsDirectGetMsgOptions()
            jsDirectGetMsgOptions_Init(&options)
            options.Sequence = sequence
            var message: OpaquePointer?
            guard js_DirectGetMsg(&message, context, "\(name)-events", nil, &options) == NATS_OK else {
                throw Failure()
            }
            natsMsg_Destroy(message)
        }
    }
}
#else
/// Measures the stores on JetStream; empty without the trait.
@main
enum JetStreamBenchmark {
    static func main() {
        print("build with the trait JetStream")
    }
}
#endif
