import EventSourcing

/// What a store holds, as digests: one a stream, and one of the order of all events.
///
/// Memory grows with the streams, not with their events.
struct ContentDigests: Sendable {
    struct Stream: Hashable, Sendable {
        var digest = SHA256Digest.zero
        var events = 0
        var lastVersion = 0
    }

    private(set) var streams: [StreamID: Stream] = [:]
    private(set) var order = SHA256Digest.zero
    private(set) var events = 0
    private var digester = EventDigester()

    mutating func add(_ event: RecordedEvent) {
        var stream = streams[event.stream] ?? Stream()
        stream.digest = digester.digest(event, behind: stream.digest)
        stream.events += 1
        stream.lastVersion = event.version
        streams[event.stream] = stream
        order = digester.digest(orderOf: event, behind: order)
        events += 1
    }

    /// The streams whose events are not the same in both, in the order of their names.
    func differences(from other: ContentDigests) -> [StreamID] {
        var differing = streams.filter { other.streams[$0.key] != $0.value }.map(\.key)
        differing += other.streams.keys.filter { streams[$0] == nil }
        return differing.sorted { $0.description < $1.description }
    }
}
