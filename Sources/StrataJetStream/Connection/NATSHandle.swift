#if JetStream
import CNATS
import Dispatch
import EventSourcing
import Synchronization

/// The connection as libnats has it.
///
/// Where libnats has threads of its own, or a loop in their place, these use the connection until they have ended, which
/// closing waits for. Everybody else uses it under `state`'s lock, and so not once it is closed.
final class NATSHandle: Sendable {
    private struct State: ~Copyable {
        var isClosed = false
        var readers: [UInt64: OpaquePointer] = [:]
    }

    /// So many bytes are gathered before they are written.
    private static let gatheredBytes = 64 << 10

    // Safe: the pointers never change, and libnats guards what they lead to with locks of its own.
    nonisolated(unsafe) private let connection: OpaquePointer
    nonisolated(unsafe) private let subscription: OpaquePointer
    /// Nil where libnats uses threads of its own.
    private let loop: NATSEventLoop?
    private let state = Mutex(State())
    /// The largest message that the server takes, in bytes.
    let maximumPayload: Int

    /// Connects and subscribes; blocks meanwhile.
    init(_ options: JetStreamOptions, inbox: String, events: ConnectionEvents) throws(JetStreamError) {
        let natsOptions = try options.makeNATSOptions()
        defer { natsOptions_Destroy(natsOptions) }
        // With a loop, libnats gives up the TLS session of a lost connection while the loop's thread may be reading from it.
        let loop = options.usesTLS ? nil : NATSEventLoop()
        loop?.serve(natsOptions)
        let closing = Self.report(to: events, natsOptions)
        var connection: OpaquePointer?
        let connected = natsConnection_Connect(&connection, natsOptions)
        guard connected == NATS_OK, let connection else {
            // Of a connection that never was, libnats reports no end.
            closing.release()
            loop?.end()
            throw JetStreamError(connecting: connected, with: options)
        }
        var subscription: OpaquePointer?
        let route = MessageRoute(events.router, number: nil, loop: loop)
        let subscribed = Self.subscribe(&subscription, connection, to: inbox, route)
        guard subscribed == NATS_OK, let subscription else {
            natsConnection_Close(connection)
            loop?.end()
            natsConnection_Destroy(connection)
            throw JetStreamError(connecting: subscribed, with: options)
        }
        self.connection = connection
        self.subscription = subscription
        self.loop = loop
        maximumPayload = Int(natsConnection_GetMaxPayload(connection))
    }

    /// Has libnats report what becomes of the connection.
    ///
    /// - Returns: what keeps the receiver alive until libnats reports the end, which it does last.
    private static func report(to events: ConnectionEvents, _ options: OpaquePointer) -> Unmanaged<ConnectionEvents> {
        let receiver = Unmanaged.passRetained(events)
        let context = receiver.toOpaque()
        natsOptions_SetDisconnectedCB(
            options,
            { _, context in
                context.map { Unmanaged<ConnectionEvents>.fromOpaque($0).takeUnretainedValue().disconnected() }
            }, context)
        natsOptions_SetReconnectedCB(
            options,
            { _, context in
                context.map { Unmanaged<ConnectionEvents>.fromOpaque($0).takeUnretainedValue().reconnected() }
            }, context)
        natsOptions_SetErrorHandler(
            options,
            { _, _, status, context in
                let text = NATSHandle.text(of: status)
                context.map { Unmanaged<ConnectionEvents>.fromOpaque($0).takeUnretainedValue().failed(text) }
            }, context)
        natsOptions_SetClosedCB(
            options,
            { connection, context in
                var text: UnsafePointer<CChar>?
                if let connection { natsConnection_GetLastError(connection, &text) }
                let reason = text.map { String(cString: $0) } ?? ""
                context.map { Unmanaged<ConnectionEvents>.fromOpaque($0).takeRetainedValue().closed(reason: reason) }
            }, context)
        return receiver
    }

    /// So much can be sent at once without blocking, in bytes.
    ///
    /// libnats' own threads write what they are given at once: that must be less than any socket takes, for which the kernel
    /// begins with 16 KiB; a connection that brings no answers is given up behind three of them.
    var bytesWithoutBlocking: Int { loop == nil ? 4 << 10 : Self.gatheredBytes }

    /// Gives messages to libnats in their order, gathered as far as that is possible; blocks where the network takes no more.
    ///
    /// - Parameters:
    ///   - reply: where the answer to the message with an index is to go.
    ///   - fail: called with the index of each message that was not sent, and why.
    func publish(
        _ requests: [NATSRequest], replyingTo reply: (Int) -> String?, orFail fail: (Int, RequestFailure) -> Void
    ) {
        state.withLock { state in
            send(requests, isClosed: state.isClosed, mayBlock: true, replyingTo: reply, orFail: fail)
        }
    }

    /// The same with messages that are no more than ``bytesWithoutBlocking``, where nobody else uses the connection now;
    /// false where somebody does.
    func publishIfFree(
        _ requests: [NATSRequest], replyingTo reply: (Int) -> String?, orFail fail: (Int, RequestFailure) -> Void
    ) -> Bool {
        state.withLockIfAvailable { state in
            send(requests, isClosed: state.isClosed, mayBlock: false, replyingTo: reply, orFail: fail)
            return true
        } ?? false
    }

    private func send(
        _ requests: [NATSRequest], isClosed: Bool, mayBlock: Bool, replyingTo reply: (Int) -> String?,
        orFail fail: (Int, RequestFailure) -> Void
    ) {
        if isClosed {
            for index in requests.indices { fail(index, .closed) }
            return
        }
        var spent: [OpaquePointer] = []
        gather {
            var bytes = 0
            for (index, request) in requests.enumerated() {
                if let failure = send(request, replyingTo: reply(index), &spent) { fail(index, failure) }
                bytes += request.estimatedBytes
                if mayBlock, bytes >= Self.gatheredBytes {
                    loop?.writeAll()
                    bytes = 0
                }
            }
            if mayBlock { loop?.writeAll() }
        }
        // All behind the writing: giving the first one back wakes a thread of libnats'.
        for message in spent { natsMsg_Destroy(message) }
    }

    private func gather(_ body: () -> Void) {
        if let loop { loop.gather(body) } else { body() }
    }

    /// Gives one message to libnats; what libnats made for it and is done with joins `spent`.
    private func send(
        _ request: NATSRequest, replyingTo reply: String?, _ spent: inout [OpaquePointer]
    ) -> RequestFailure? {
        let status = request.payload.withSpan { span in
            span.withUnsafeBytes { bytes in
                let data = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
                return if !request.headers.isEmpty {
                    send(request, data, Int32(bytes.count), replyingTo: reply, &spent)
                } else if let reply {
                    natsConnection_PublishRequest(connection, request.subject, reply, data, Int32(bytes.count))
                } else {
                    natsConnection_Publish(connection, request.subject, data, Int32(bytes.count))
                }
            }
        }
        switch status {
        case NATS_OK: return nil
        // Part of it may be on its way.
        case NATS_IO_ERROR, NATS_CONNECTION_DISCONNECTED, NATS_STALE_CONNECTION, NATS_SSL_ERROR: return .disconnected
        default: return .notSent(Self.text(of: status))
        }
    }

    /// The same for a message with headers.
    private func send(
        _ request: NATSRequest, _ data: UnsafePointer<CChar>?, _ count: Int32, replyingTo reply: String?,
        _ spent: inout [OpaquePointer]
    ) -> natsStatus {
        var message: OpaquePointer?
        var status = natsMsg_Create(&message, request.subject, reply, data, count)
        guard status == NATS_OK, let message else { return status }
        spent.append(message)
        for header in request.headers where status == NATS_OK {
            status = natsMsgHeader_Set(message, header.name, header.value)
        }
        return status == NATS_OK ? natsConnection_PublishMsg(connection, message) : status
    }

    /// Has the messages to a subject delivered under a number.
    ///
    /// - Returns: why that cannot be; nil where it is so.
    func subscribe(to subject: String, _ number: UInt64, of router: ReplyRouter) -> RequestFailure? {
        state.withLock { state in
            if state.isClosed { return .closed }
            let route = MessageRoute(router, number: number, loop: loop)
            var reader: OpaquePointer?
            let status = Self.subscribe(&reader, connection, to: subject, route)
            guard status == NATS_OK, let reader else { return .notSent(Self.text(of: status)) }
            state.readers[number] = reader
            return nil
        }
    }

    private static func subscribe(
        _ subscription: inout OpaquePointer?, _ connection: OpaquePointer, to subject: String, _ route: MessageRoute
    ) -> natsStatus {
        let route = Unmanaged.passRetained(route)
        let status = natsConnection_Subscribe(
            &subscription, connection, subject,
            { _, subscription, message, context in
                guard let subscription, let message, let context else { return }
                Unmanaged<MessageRoute>.fromOpaque(context).takeUnretainedValue().receive(message, from: subscription)
            }, route.toOpaque())
        guard status == NATS_OK else {
            route.release()
            return status
        }
        // Requests bound what can be waiting; libnats would drop messages beyond its own limits.
        natsSubscription_SetPendingLimits(subscription, -1, -1)
        // libnats calls the subscription's function for the last time before it completes.
        natsSubscription_SetOnCompleteCB(
            subscription, { context in context.map { Unmanaged<MessageRoute>.fromOpaque($0).release() } },
            route.toOpaque())
        return NATS_OK
    }

    private static func text(of status: natsStatus) -> String {
        natsStatus_GetText(status).map { String(cString: $0) } ?? "status \(status.rawValue)"
    }

    /// Ends a subscription.
    func unsubscribe(_ number: UInt64) {
        state.withLock { state in
            if let reader = state.readers.removeValue(forKey: number) { natsSubscription_Destroy(reader) }
        }
    }

    /// Closes the connection and gives everything back.
    ///
    /// - Parameter completion: called once no thread of the connection runs any more.
    func close(on queue: DispatchQueue, completion: @escaping @Sendable () -> Void = {}) {
        queue.async {
            self.close()
            completion()
        }
    }

    private func close() {
        state.withLock { state in
            if state.isClosed { return }
            state.isClosed = true
            natsConnection_Close(connection)
            loop?.end()
            for reader in state.readers.values { natsSubscription_Destroy(reader) }
            natsSubscription_Destroy(subscription)
            natsConnection_Destroy(connection)
        }
    }
}
#endif
