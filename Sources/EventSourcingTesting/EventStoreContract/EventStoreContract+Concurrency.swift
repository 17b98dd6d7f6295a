import EventSourcing
import Synchronization

extension EventStoreContract {
    static let concurrency: [Requirement] = [
        Requirement("of appends side by side that expect one version, exactly one succeeds") { store in
            let stream = StreamID.sample()
            try await store.append(2, to: stream)
            let outcomes = await sideBySide(8) { _ in
                _ = try await store.append([.sample()], to: stream, expecting: .exactly(2))
            }
            try require("the number of successes", outcomes.count { $0 == nil }, is: 1)
        },
        Requirement("of appends side by side that expect one version, the others meet a conflict") { store in
            let stream = StreamID.sample()
            let outcomes = await sideBySide(8) { _ in
                _ = try await store.append([.sample()], to: stream, expecting: .noStream)
            }
            for error in outcomes.compactMap({ $0 }) {
                try require("the error's code", (error as? EventStoreError)?.code, is: .versionConflict)
            }
        },
        Requirement("appends side by side to one stream keep everything") { store in
            let stream = StreamID.sample()
            let outcomes = await sideBySide(8) { _ in
                for _ in 1...10 { try await store.append(2, to: stream) }
            }
            try requireSuccess(outcomes)
            let versions = try await store.readStream(stream).collect().map(\.version)
            try require("the versions", versions, is: Array(1...160))
        },
        Requirement("appends side by side to many streams keep everything") { store in
            let outcomes = await sideBySide(8) { _ in
                let stream = StreamID.sample()
                for version in 0..<10 { try await store.append(1, to: stream, expecting: .exactly(version)) }
            }
            try requireSuccess(outcomes)
            try require("the number of events", try await store.readAll().collect().count, is: 80)
        },
        Requirement("one append side by side with its retries is stored once") { store in
            let stream = StreamID.sample()
            let events = NewEvent.samples(3)
            let outcomes = await sideBySide(8) { _ in
                _ = try await store.append(events, to: stream, expecting: .noStream)
            }
            try requireSuccess(outcomes)
            try await store.readStream(stream).require("the stream", gives: events)
        },
        Requirement("a read beside appends sees each append whole or not at all") { store in
            let stream = StreamID.sample()
            let outcomes = await sideBySide(4) { task in
                for _ in 1...20 {
                    if task == 0 {
                        try await store.append(3, to: stream)
                    } else {
                        let count = try await store.readAll().collect().count
                        try require(count.isMultiple(of: 3), "a read sees \(count) events of appends of 3")
                    }
                    await Task.yield()
                }
            }
            try requireSuccess(outcomes)
        },
        Requirement("a feed resumed beside appends misses nothing") { store in
            let seen = Mutex<[RecordedEvent]>([])
            @Sendable func resume() async throws {
                let position = seen.withLock { $0.last?.position }
                let more = try await store.readAll(after: position).collect()
                seen.withLock { $0 += more }
            }
            let outcomes = await sideBySide(4) { task in
                for _ in 1...20 {
                    if task == 0 { try await resume() } else { try await store.append(1, to: .sample()) }
                    await Task.yield()
                }
            }
            try requireSuccess(outcomes)
            try await resume()
            try await store.readAll().require("the feed", gives: seen.withLock { $0 })
        },
    ]

    /// Runs an operation several times at once; gives the errors, and nil for each success.
    ///
    /// The tasks wait for one another at the start: on a busy machine, the first might otherwise be done before the
    /// last is made.
    private static func sideBySide(
        _ count: Int, _ operation: @escaping @Sendable (Int) async throws -> Void
    ) async -> [(any Error)?] {
        let start = StartingLine(count)
        return await withTaskGroup { group in
            for task in 0..<count {
                group.addTask { () async -> (any Error)? in
                    await start.meet()
                    do {
                        try await operation(task)
                        return nil
                    } catch {
                        return error
                    }
                }
            }
            var outcomes: [(any Error)?] = []
            for await outcome in group { outcomes.append(outcome) }
            return outcomes
        }
    }

    private static func requireSuccess(_ outcomes: [(any Error)?]) throws {
        for error in outcomes.compactMap({ $0 }) { throw error }
    }
}

/// Where tasks wait for one another.
private final class StartingLine: Sendable {
    private let missing: Atomic<Int>

    init(_ count: Int) {
        missing = Atomic(count)
    }

    func meet() async {
        missing.subtract(1, ordering: .relaxed)
        while missing.load(ordering: .relaxed) > 0 { await Task.yield() }
    }
}
