#if JetStream
import CNATS
import Synchronization

/// Whose messages a subscription brings.
final class MessageRoute: Sendable {
    /// Messages that are done with, by their addresses.
    private struct Spent {
        var messages: [UInt] = []
        var bytes = 0

        mutating func giveBack() {
            for message in messages { natsMsg_Destroy(OpaquePointer(bitPattern: message)) }
            self = Spent()
        }
    }

    private static let spentBytes = 1 << 20

    private let router: ReplyRouter
    /// Nil where each message's subject ends with a number of its own.
    private let number: UInt64?
    private let loop: NATSEventLoop?
    private let spent = Mutex(Spent())

    init(_ router: ReplyRouter, number: UInt64?, loop: NATSEventLoop?) {
        self.router = router
        self.number = number
        self.loop = loop
    }

    deinit {
        spent.withLock { $0.giveBack() }
    }

    /// Hands a message over to whoever waits for it, and takes it off libnats' hands.
    func receive(_ message: OpaquePointer, from subscription: OpaquePointer) {
        if number != nil || router.isExpectingMany { loop?.waitUntilRead() }
        if let number = number ?? Self.number(of: natsMsg_GetSubject(message)) {
            router.deliver(NATSReply(message), to: number)
        }
        giveBack(message, from: subscription)
    }

    /// Gives messages back many at a time: libnats hands what is given back to a thread of its own, and would wake it for
    /// each.
    private func giveBack(_ message: OpaquePointer, from subscription: OpaquePointer) {
        var (queued, queuedBytes): (Int32, Int32) = (0, 0)
        natsSubscription_GetPending(subscription, &queued, &queuedBytes)
        spent.withLock { spent in
            spent.messages.append(UInt(bitPattern: message))
            spent.bytes += Int(natsMsg_GetDataLength(message))
            guard queued == 0 || spent.bytes > Self.spentBytes else { return }
            spent.giveBack()
        }
    }

    /// The number that ends the subject.
    private static func number(of subject: UnsafePointer<CChar>?) -> UInt64? {
        guard let subject else { return nil }
        var number: UInt64?
        var next = subject
        while next.pointee != 0 {
            if next.pointee == 0x2E {
                number = 0
            } else if (0x30...0x39).contains(next.pointee), let value = number, value < .max / 16 {
                number = value * 10 + UInt64(next.pointee - 0x30)
            } else {
                number = nil
            }
            next += 1
        }
        return number
    }
}
#endif
