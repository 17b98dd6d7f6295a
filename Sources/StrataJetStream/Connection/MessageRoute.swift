#if JetStream
/// Whose messages a subscription brings.
final class MessageRoute: Sendable {
    let router: ReplyRouter
    let number: UInt64

    init(router: ReplyRouter, number: UInt64) {
        self.router = router
        self.number = number
    }
}
#endif
