import CLibNATS
import Foundation

/// Libnats's own calls, which block, with the messages of a store.
final class LibNATSClient: @unchecked Sendable {
    // Sendable because libnats guards what the pointers lead to.
    private let connection: OpaquePointer
    private let context: OpaquePointer
    private let name: String

    /// - Parameter name: of a store that exists.
    init(_ address: String, name: String) throws {
        var connection: OpaquePointer?
        var context: OpaquePointer?
        guard natsConnection_ConnectTo(&connection, address) == NATS_OK, let connection,
            natsConnection_JetStream(&context, connection, nil) == NATS_OK, let context
        else { throw BenchmarkError("there is no connection to the server") }
        self.connection = connection
        self.context = context
        self.name = name
    }

    deinit {
        jsCtx_Destroy(context)
        natsConnection_Destroy(connection)
    }

    /// Appends events to a new stream: a claim of each id, and once all are there the commit.
    func append(_ count: Int) throws {
        let claim = [UInt8](repeating: 0, count: 38)
        if count == 1 {
            try publish(claimSubject, claim)
        } else {
            for _ in 0..<count { try publishLater(claimSubject, claim) }
            try check(js_PublishAsyncComplete(context, nil))
        }
        let commit = [UInt8](repeating: 0, count: count * (ServerEvents.payload.count + 60) + 60)
        try publish("\(name).e.Raw.\(UUID().uuidString)", commit, id: UUID().uuidString)
    }

    private var claimSubject: String { "\(name).i.\(UUID().uuidString)" }

    private func publish(_ subject: String, _ bytes: [UInt8], id: String? = nil) throws {
        let message = try message(subject, bytes, id: id)
        defer { natsMsg_Destroy(message) }
        try check(js_PublishMsg(nil, context, message, nil, nil))
    }

    private func publishLater(_ subject: String, _ bytes: [UInt8]) throws {
        // Set to nil where libnats has taken it.
        var message = try message(subject, bytes, id: nil)
        defer { natsMsg_Destroy(message) }
        try check(js_PublishMsgAsync(context, &message, nil))
    }

    /// A message that demands to be the first of its subject.
    private func message(_ subject: String, _ bytes: [UInt8], id: String?) throws -> OpaquePointer? {
        var message: OpaquePointer?
        try bytes.withUnsafeBytes { bytes in
            try check(
                natsMsg_Create(
                    &message, subject, nil, bytes.baseAddress?.assumingMemoryBound(to: CChar.self),
                    Int32(bytes.count)))
        }
        try check(natsMsgHeader_Set(message, "Nats-Expected-Last-Subject-Sequence", "0"))
        if let id { try check(natsMsgHeader_Set(message, "Nats-Msg-Id", id)) }
        return message
    }

    /// Gets the messages of sequences that are known, one after the other.
    func loadInTurn(_ sequences: [UInt64]) throws {
        for sequence in sequences {
            var options = jsDirectGetMsgOptions()
            jsDirectGetMsgOptions_Init(&options)
            options.Sequence = sequence
            var message: OpaquePointer?
            try check(js_DirectGetMsg(&message, context, "\(name)-events", nil, &options))
            natsMsg_Destroy(message)
        }
    }

    /// Asks for the messages of sequences that are known at once, then takes the answers.
    func loadAtOnce(_ sequences: [UInt64]) throws {
        let inbox = "_INBOX.\(UUID().uuidString)"
        var subscription: OpaquePointer?
        try check(natsConnection_SubscribeSync(&subscription, connection, inbox))
        defer { natsSubscription_Destroy(subscription) }
        for sequence in sequences {
            let request = #"{"seq":\#(sequence)}"#
            try check(
                natsConnection_PublishRequest(
                    connection, "$JS.API.DIRECT.GET.\(name)-events", inbox, request, Int32(request.utf8.count)))
        }
        for _ in sequences {
            var message: OpaquePointer?
            try check(natsSubscription_NextMsg(&message, subscription, 5_000))
            natsMsg_Destroy(message)
        }
    }

    private func check(_ status: natsStatus) throws {
        guard status == NATS_OK else {
            throw BenchmarkError("libnats: \(natsStatus_GetText(status).map { String(cString: $0) } ?? "a failure")")
        }
    }
}
