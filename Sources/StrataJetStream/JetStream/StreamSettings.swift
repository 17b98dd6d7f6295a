#if JetStream
import EventSourcing

/// A stream of JetStream, as a store uses it.
struct StreamSettings: Sendable {
    let name: String
    /// How many servers keep it.
    var replicas: Int
}

/// What a store's streams are called, and which subjects they take.
struct StoreLayout: Sendable {
    /// The version of all formats below; a store of a newer one is not opened.
    static let format = 1

    let name: String
    /// Commits, one message each, on the subject of their stream.
    var events: StreamSettings
    /// Which stream has claimed an event id: the last message of the id's subject.
    var ids: StreamSettings
    /// Parts of commits and snapshots that are too large for one message.
    var parts: StreamSettings
    /// The first versions that are left of commits that are released in part, by stream.
    var trims: StreamSettings
    /// Snapshots: the last message of the aggregate's subject.
    var snapshots: StreamSettings

    var all: [StreamSettings] { [events, ids, parts, trims, snapshots] }

    init(name: String, replicas: Int) {
        self.name = name
        events = StreamSettings(name: "\(name)-events", replicas: replicas)
        ids = StreamSettings(name: "\(name)-ids", replicas: replicas)
        parts = StreamSettings(name: "\(name)-parts", replicas: replicas)
        trims = StreamSettings(name: "\(name)-trims", replicas: replicas)
        snapshots = StreamSettings(name: "\(name)-snapshots", replicas: replicas)
    }

    var allEvents: String { "\(name).e.>" }
    func events(ofType aggregateType: String) -> String { "\(name).e.\(SubjectToken.encode(aggregateType)).*" }
    func events(of stream: StreamID) -> String { "\(name).e.\(token(of: stream))" }
    func snapshot(of stream: StreamID) -> String { "\(name).s.\(token(of: stream))" }
    func snapshots(ofType aggregateType: String) -> String { "\(name).s.\(SubjectToken.encode(aggregateType)).*" }
    var allTrims: String { "\(name).t.>" }
    func trim(of stream: StreamID) -> String { "\(name).t.\(token(of: stream))" }
    func claim(of id: UInt128) -> String { "\(name).i.\(SubjectToken.encode(id))" }
    /// Beside the ids, whose tokens are longer.
    func slot(behind sequence: UInt64) -> String { "\(name).i.b\(sequence)" }
    func parts(of stream: StreamID) -> String { "\(name).p.\(token(of: stream))" }
    func snapshotParts(of stream: StreamID) -> String { "\(name).p.s.\(token(of: stream))" }

    private func token(of stream: StreamID) -> String {
        "\(SubjectToken.encode(stream.aggregateType)).\(stream.id.lowercased)"
    }
}
#endif
