import EventSourcing
import Foundation
import Strata

/// How figures change with the number of events that are stored. Strata is the largest store; the others are compared
/// with it.
enum GrowthRows {
    static let all: [Row] = [
        Row(
            id: "growth-append", title: "100 durable writers, by the events that are stored already",
            unit: .eventsPerSecond, targets: [.detail("change from smallest", .atMost(0.2))]
        ) { context in
            try await sides(context) { events in
                let path = try await context.stores.appendableCopy(context.orders, events: events)
                let appends = try await StrataAppends(
                    path: path, sample: context.newOrders, writers: 100, batch: 1, durability: .commit,
                    seed: 2)
                let seconds = context.scale.seconds
                return (
                    { try await appends.run(seconds: seconds).round().value },
                    {
                        try await appends.close()
                        try FileManager.default.removeItem(atPath: path)
                    }
                )
            }
        },
        Row(
            id: "growth-stream", title: "Streams of 200 events, by the events that are stored",
            unit: .eventsPerSecond, targets: [.detail("change from smallest", .atMost(0.2))]
        ) { context in
            try await sides(context) { events in
                let sample = context.orders
                let streams = await context.stores.contents(sample, events: events).longStreams
                let store = try await context.openStrata(sample, events: events)
                let choices = Choices(streams)
                let reads = context.scale.reads
                return (
                    {
                        let seconds = try await Clock.seconds {
                            for stream in await choices.next(reads, for: "") {
                                _ = try await ReadRows.readStream(store, sample.name(of: stream))
                            }
                        }
                        return Double(reads * ReadRows.streamLength) / seconds
                    }, { try await store.close() }
                )
            }
        },
        Row(
            id: "open", title: "Opening a cleanly closed store for writing, by the events that are stored",
            unit: .milliseconds, targets: [.value(.atMost(100))]
        ) { context in
            try await sides(context) { events in
                let path = try await context.stores.strata(context.orders, events: events)
                return (
                    {
                        let start = Clock.now
                        let store = try await StrataStore.open(at: path)
                        let end = Clock.now
                        try await store.close()
                        return Double(end - start) / 1e6
                    }, {}
                )
            }
        },
    ]

    private typealias Measurement = (
        measure: @Sendable () async throws -> Double, finish: @Sendable () async throws -> Void
    )

    private static func sides(
        _ context: Context, _ make: (Int) async throws -> Measurement
    ) async throws -> [Side] {
        var sides: [Side] = []
        let comparison = Comparison()
        for events in context.scale.growth.sorted() {
            let isLargest = events == context.scale.growth.max()
            let name = "\(events.grouped) events"
            let (measure, finish) = try await make(events)
            sides.append(
                Side(isLargest ? Side.strata : name, finish: finish) {
                    let value = try await measure()
                    guard isLargest else {
                        await comparison.note(value, events: events)
                        return Round(value: value)
                    }
                    let change = await comparison.change(to: value)
                    return Round(
                        value: value, details: ["events stored": Double(events), "change from smallest": change])
                })
        }
        return sides
    }

    /// The figure of the smallest store in the same round, or in the one before.
    private actor Comparison {
        private var smallest: (events: Int, value: Double)?

        func note(_ value: Double, events: Int) {
            if events <= smallest?.events ?? .max { smallest = (events, value) }
        }

        func change(to value: Double) -> Double {
            smallest.map { abs(value / $0.value - 1) } ?? 0
        }
    }
}

extension Context {
    /// Orders in streams of their own, which no filled store has.
    var newOrders: EventSample {
        var sample = orders
        sample.firstStream = 1 << 32
        return sample
    }
}

extension FilledStores {
    /// A store with the same events that can be changed: sealed segments are shared, because nobody writes to them.
    func appendableCopy(_ sample: EventSample, events: Int, named suffix: String = "copy") async throws -> String {
        let original = try await strata(sample, events: events)
        let copy = original + "-" + suffix
        let files = FileManager.default
        try? files.removeItem(atPath: copy)
        try files.createDirectory(atPath: copy, withIntermediateDirectories: true)
        let names = try files.subpathsOfDirectory(atPath: original).sorted()
        let active = names.last { $0.hasPrefix("events/") && $0.hasSuffix(".seg") }
        for name in names {
            var isDirectory = false
            let attributes = try files.attributesOfItem(atPath: original + "/" + name)
            isDirectory = attributes[.type] as? FileAttributeType == .typeDirectory
            if isDirectory {
                try files.createDirectory(atPath: copy + "/" + name, withIntermediateDirectories: true)
            } else if name.hasPrefix("events/"), name != active {
                try files.linkItem(atPath: original + "/" + name, toPath: copy + "/" + name)
            } else {
                try files.copyItem(atPath: original + "/" + name, toPath: copy + "/" + name)
            }
        }
        return copy
    }
}
