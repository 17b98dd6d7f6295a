import EventSourcing

/// A stream as segments are asked for it.
struct StreamProbe {
    let key: LogIndex.StreamKey
    /// By ``IndexHash``.
    let hash: UInt64

    init(_ stream: StreamID, type: UInt32) {
        key = LogIndex.StreamKey(aggregateType: type, id: stream.id.bits)
        hash = IndexHash.stream(FrameHeader.tag(of: stream.aggregateType), stream.id.bits)
    }

    init(_ key: LogIndex.StreamKey, tag: UInt32) {
        self.key = key
        hash = IndexHash.stream(tag, key.id)
    }
}
