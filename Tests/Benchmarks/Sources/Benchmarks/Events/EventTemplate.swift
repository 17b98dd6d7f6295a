import EventSourcing

/// What is stored of an event, without its id and its place.
struct EventTemplate: Sendable {
    let type: String
    let payload: Bytes
    let metadata: EventMetadata
    /// What a peer keeps of the metadata: as many bytes as Strata does.
    let metadataBytes: Bytes
    /// Which of the sample's streams it belongs to; nil where any will do.
    var stream: Int?
}

/// The 16 bytes of an event's or a stream's id.
struct SampleID: Hashable, Sendable {
    let high: UInt64
    let low: UInt64
}

/// An event on its way into a store.
struct SampleEvent: Sendable {
    let id: SampleID
    let template: Int
}

/// Events of one append.
struct SampleAppend: Sendable {
    var stream: Int
    /// The version that the stream must have.
    var after: Int
    var events: [SampleEvent]
}
