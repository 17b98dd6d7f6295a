#if JetStream
/// A message of the stream of commits, decoded up to its events.
struct CommitMessage: Sendable {
    let stored: StoredMessage
    let header: CommitHeader
    let body: CommitBody

    init(_ stored: StoredMessage, of layout: StoreLayout) throws(JetStreamError) {
        guard let (header, body) = CommitHeader.decode(stored.payload) else {
            throw Self.damage(of: stored, in: layout)
        }
        (self.stored, self.header, self.body) = (stored, header, body)
    }

    func damage(in layout: StoreLayout) -> JetStreamError { Self.damage(of: stored, in: layout) }

    private static func damage(of stored: StoredMessage, in layout: StoreLayout) -> JetStreamError {
        JetStreamError(.damaged, "message \(stored.sequence) of \(layout.events.name) is no commit of this library")
    }
}
#endif
