#if JetStream
import CNATS
import Dispatch
import EventSourcing
import Synchronization

/// The connection as libnats has it.
///
/// `@unchecked`: the pointers never change, and libnats guards what they lead to with locks of its own. They are used under
/// `state`'s lock, so that nobody does once the connection is closed.
final class NATSHandle: @unchecked Sendable {
    private struct State: ~Copyable {
        var isClosed = false
        var readers: [UInt64: OpaquePointer] = [:]
    }

    private let connection: OpaquePointer
    private let subscription: OpaquePointer
    private let state = Mutex(State())
    /// The largest message that the server takes, in bytes.
    let maximumPayload: Int

    /// Connects and subscribes; blocks meanwhile.
    init(_ options: JetStreamOptions, inbox: String, events: ConnectionEvents) throws(JetStreamError) {
        let natsOptions = try options.makeNATSOptions()
        defer { natsOptions_Destroy(natsOptions) }
        let closing = Self.report(to: events, natsOptions)
        var connection: OpaquePointer?
        let connected = natsConnection_Connect(&connection, natsOptions)
        guard connected == NATS_OK, let connection else {
            // Of a connection that never was, libnats reports no end.
            closing.release()
            throw JetStreamError(connecting: connected, with: options)
        }
        var subscription: OpaquePointer?
        let subscribed = natsConnection_Subscribe(
            &subscription, connection, inbox,
            { _, _, message, context in
                guard let message, let context else { return }
                Unmanaged<ConnectionEvents>.fromOpaque(context).takeUnretainedValue().receive(message)
                natsMsg_Destroy(message)
            }, Unmanaged.passUnretained(events).toOpaque())
        guard subscribed == NATS_OK, let subscription else {
            natsConnection_Destroy(connection)
            throw JetStreamError(connecting: subscribed, with: options)
        }
        // Requests bound what can be waiting; libnats would drop messages beyond its own limits.
        natsSubscription_SetPendingLimits(subscription, -1, -1)
        // libnats calls the subscription's function for the last time before it completes.
        natsSubscription_SetOnCompleteCB(
            subscription, { context in context.map { Unmanaged<ConnectionEvents>.fromOpaque($0).release() } },
            Unmanaged.passRetained(events).toOpaque())
        self.connection = connection
        self.subscription = subscription
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
                let text = natsStatus_GetText(status).map { String(cString: $0) } ?? "\(status.rawValue)"
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

    /// Gives a message to libnats; blocks where the network takes no more.
    ///
    /// - Returns: why it was not sent; nil where it was.
    func publish(_ request: NATSRequest, replyingTo reply: String?) -> RequestFailure? {
        state.withLock { $0.isClosed ? .closed : send(request, replyingTo: reply) }
    }

    /// The same where nobody else uses the connection now; false where somebody does.
    func publishIfFree(
        _ request: NATSRequest, replyingTo reply: String?, orFail fail: (RequestFailure) -> Void
    ) -> Bool {
        let outcome: RequestFailure?? = state.withLockIfAvailable { state in
            state.isClosed ? .closed : send(request, replyingTo: reply)
        }
        guard let outcome else { return false }
        if let failure = outcome { fail(failure) }
        return true
    }

    private func send(_ request: NATSRequest, replyingTo reply: String?) -> RequestFailure? {
        var message: OpaquePointer?
        var status = request.payload.withSpan { span in
            span.withUnsafeBytes { bytes in
                natsMsg_Create(
                    &message, request.subject, reply, bytes.baseAddress?.assumingMemoryBound(to: CChar.self),
                    Int32(bytes.count))
            }
        }
        defer { natsMsg_Destroy(message) }
        for header in request.headers where status == NATS_OK {
            status = natsMsgHeader_Set(message, header.name, header.value)
        }
        if status == NATS_OK { status = natsConnection_PublishMsg(connection, message) }
        switch status {
        case NATS_OK: return nil
        // Part of it may be on its way.
        case NATS_IO_ERROR, NATS_CONNECTION_DISCONNECTED, NATS_STALE_CONNECTION, NATS_SSL_ERROR: return .disconnected
        default: return .notSent(natsStatus_GetText(status).map { String(cString: $0) } ?? "\(status.rawValue)")
        }
    }

    /// Has the messages to a subject delivered under a number.
    ///
    /// - Returns: why that cannot be; nil where it is so.
    func subscribe(to subject: String, _ number: UInt64, of router: ReplyRouter) -> RequestFailure? {
        state.withLock { state in
            if state.isClosed { return .closed }
            switch reader(of: subject, number, of: router) {
            case .success(let reader): state.readers[number] = reader
            case .failure(let failure): return failure
            }
            return nil
        }
    }

    private func reader(
        of subject: String, _ number: UInt64, of router: ReplyRouter
    ) -> Result<OpaquePointer, RequestFailure> {
        let route = Unmanaged.passRetained(MessageRoute(router: router, number: number))
        var reader: OpaquePointer?
        let status = natsConnection_Subscribe(
            &reader, connection, subject,
            { _, _, message, context in
                guard let message, let context else { return }
                let route = Unmanaged<MessageRoute>.fromOpaque(context).takeUnretainedValue()
                route.router.deliver(NATSReply(message), to: route.number)
                natsMsg_Destroy(message)
            }, route.toOpaque())
        guard status == NATS_OK, let reader else {
            route.release()
            return .failure(.notSent(natsStatus_GetText(status).map { String(cString: $0) } ?? "\(status.rawValue)"))
        }
        natsSubscription_SetPendingLimits(reader, -1, -1)
        natsSubscription_SetOnCompleteCB(
            reader, { context in context.map { Unmanaged<MessageRoute>.fromOpaque($0).release() } }, route.toOpaque())
        return .success(reader)
    }

    /// Ends a subscription.
    func unsubscribe(_ number: UInt64) {
        state.withLock { state in
            if let reader = state.readers.removeValue(forKey: number) { natsSubscription_Destroy(reader) }
        }
    }

    /// Closes the connection and gives everything back.
    func close(on queue: DispatchQueue) {
        queue.async { self.close() }
    }

    private func close() {
        state.withLock { state in
            if state.isClosed { return }
            state.isClosed = true
            natsConnection_Close(connection)
            for reader in state.readers.values { natsSubscription_Destroy(reader) }
            natsSubscription_Destroy(subscription)
            natsConnection_Destroy(connection)
        }
    }
}
#endif
