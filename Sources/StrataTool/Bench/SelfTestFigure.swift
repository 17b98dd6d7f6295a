/// One thing that the self-test measured.
struct SelfTestFigure: Equatable, Sendable {
    enum Unit: String, Sendable {
        case eventsPerSecond = "events/s"
        case milliseconds = "ms"
    }

    /// A name for scripts, such as `append_100`.
    let name: String
    /// What was done, for people.
    let title: String
    let value: Double
    let unit: Unit
    /// How long the middle one of all appends took, in microseconds; nil where no appends were timed.
    var medianLatency: Double?
    /// The latency that 99 of 100 appends stayed within, in microseconds.
    var highLatency: Double?

    /// A figure of appends that were timed one by one.
    ///
    /// - Parameters:
    ///   - latencies: how long each append took; at least one.
    ///   - elapsed: how long all of them took together.
    init(name: String, title: String, eventsPerAppend: Int, latencies: [Duration], elapsed: Duration) {
        let sorted = latencies.sorted()
        self.init(
            name: name, title: title, value: Double(latencies.count * eventsPerAppend) / elapsed.seconds,
            unit: .eventsPerSecond)
        medianLatency = sorted[(sorted.count - 1) / 2].seconds * 1e6
        highLatency = sorted[(sorted.count - 1) * 99 / 100].seconds * 1e6
    }

    init(name: String, title: String, value: Double, unit: Unit) {
        self.name = name
        self.title = title
        self.value = value
        self.unit = unit
    }
}

extension Duration {
    var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }
}
