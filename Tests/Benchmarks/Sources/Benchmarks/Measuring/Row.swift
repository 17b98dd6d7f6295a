/// One figure of the table: what is measured, on which sides, and what it must reach.
struct Row: Sendable {
    /// The name that `--only` takes, such as `append-1`.
    let id: String
    let title: String
    let unit: Unit
    var targets: [Target] = []
    /// Makes the sides ready. Each side is then measured once in every round, in turn.
    let prepare: @Sendable (Context) async throws -> [Side]
}

/// What a row counts, and which way is better.
enum Unit: String, Sendable {
    case eventsPerSecond = "events/s"
    case lookupsPerSecond = "look-ups/s"
    case bytesPerSecond = "bytes/s"
    case milliseconds = "ms"
    case megabytes = "MB"
    case bytesPerEvent = "bytes/event"
    case ratio = "ratio"

    var isBetterWhenLess: Bool { [.milliseconds, .megabytes, .bytesPerEvent, .ratio].contains(self) }
}

/// One of those that are compared.
struct Side: Sendable {
    /// Names that rows and reports know.
    static let strata = "Strata"
    static let rawLimit = "raw limit"

    let name: String
    /// Runs for one round.
    let measure: @Sendable () async throws -> Round
    /// Gives everything back after the last round.
    let finish: @Sendable () async throws -> Void

    init(
        _ name: String, finish: @escaping @Sendable () async throws -> Void = {},
        measure: @escaping @Sendable () async throws -> Round
    ) {
        self.name = name
        self.measure = measure
        self.finish = finish
    }
}

/// What a row must reach, by the median of its rounds.
struct Target: Sendable {
    enum Measure: Sendable {
        /// Strata's figure itself.
        case value
        /// Strata's figure divided by a side's, round by round.
        case ratio(to: String)
        /// Strata's figure divided by the best peer's, round by round.
        case ratioToBestPeer
        /// A figure beside Strata's.
        case detail(String)
    }

    enum Bound: Sendable {
        case atLeast(Double)
        case atMost(Double)
    }

    let measure: Measure
    let bound: Bound

    static func value(_ bound: Bound) -> Target { Target(measure: .value, bound: bound) }
    static func ratio(to side: String, _ bound: Bound) -> Target { Target(measure: .ratio(to: side), bound: bound) }
    static func ratioToBestPeer(_ bound: Bound) -> Target { Target(measure: .ratioToBestPeer, bound: bound) }
    static func detail(_ name: String, _ bound: Bound) -> Target { Target(measure: .detail(name), bound: bound) }
}
