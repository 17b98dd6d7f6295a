import EventSourcing
import Foundation
import Synchronization
import Testing

@testable import StrataTool

@Suite("An append run")
struct AppendRunTests {
    private func append(
        _ lines: [String], to store: any EventStore, skipsExisting: Bool = false, keepsGoing: Bool = false,
        chunk: Int = 1_000
    ) async throws -> (reports: [String], summary: AppendSummary) {
        let run = AppendRun(store: store, skipsExisting: skipsExisting, keepsGoing: keepsGoing, lineLengthLimit: 2_000)
        let rest = Mutex(InputLines(lines).bytes)
        var reports: [String] = []
        let summary = try await run.run(
            input: { () async throws(ToolError) in
                rest.withLock { rest in
                    let next = Array(rest.prefix(chunk))
                    rest.removeFirst(next.count)
                    return next.isEmpty ? nil : next
                }
            },
            report: { line, report in
                switch report {
                case .stored(_, let version, let position, let isExisting):
                    reports.append("\(line): \(version) @\(position)\(isExisting ? " existing" : "")")
                case .failed(let code, _): reports.append("\(line): \(code)")
                }
            },
            pause: { _ in })
        return (reports, summary)
    }

    @Test("reports each line in the order of the input", arguments: [1, 50, 100_000])
    func order(chunk: Int) async throws {
        let store = DelayingStore()
        let lines = (1...3_000).map { InputLines.event($0) }
        let (reports, summary) = try await append(lines, to: store, chunk: chunk == 1 ? 97 : chunk)
        #expect(reports == (1...3_000).map { "\($0): \($0) @\($0)" })
        #expect(summary.status == .success)
        let stored = try await store.readAll().collect().map { $0.id.uuidString.lowercased() }
        #expect(stored == (1...3_000).map(InputLines.eventID))
    }

    @Test("ends at a line that is no commit, with everything before it stored and nothing behind it")
    func badLine() async throws {
        let store = InMemoryEventStore()
        let lines = [InputLines.event(1), "", InputLines.event(2), "{", InputLines.event(3)]
        let (reports, summary) = try await append(lines, to: store)
        #expect(reports == ["1: 1 @1", "3: 2 @2", "4: invalid_json"])
        #expect(summary.status == .badData)
        #expect(try await store.currentPosition() == 2)
    }

    @Test("goes on behind bad lines when asked to, and still says that there were some")
    func keepGoing() async throws {
        let lines = [
            "{", InputLines.event(1), #"{"data":1}"#, String(repeating: "x", count: 3_000), InputLines.event(2),
        ]
        let (reports, summary) = try await append(lines, to: InMemoryEventStore(), keepsGoing: true)
        #expect(reports == ["1: invalid_json", "2: 1 @1", "3: missing_field", "4: line_too_long", "5: 2 @2"])
        #expect(summary.status == .badData)
        #expect(summary.firstError?.hasPrefix("line 1: ") == true)
        #expect(summary.more == " (and 2 more)")
    }

    @Test("reports a conflict and goes on")
    func conflict() async throws {
        let lines = [
            InputLines.event(1, extra: #","expected_version":0"#),
            InputLines.event(2, extra: #","expected_version":0"#),
            InputLines.event(3, extra: #","expected_version":1"#),
        ]
        let (reports, summary) = try await append(lines, to: InMemoryEventStore())
        #expect(reports == ["1: 1 @1", "2: version_conflict", "3: 2 @2"])
        #expect(summary.status == .found)
    }

    @Test("refuses a commit to a stream with a tombstone and goes on")
    func tombstone() async throws {
        let store = InMemoryEventStore()
        let gone = UUID()
        try await store.delete(StreamID("File", gone), mode: .tombstone, expecting: .any)
        let lines = (1...2_000).map { number in
            InputLines.event(number, aggregateID: number == 2 ? gone.uuidString : InputLines.aggregateID)
        }
        let (reports, summary) = try await append(lines, to: store, chunk: 100)
        #expect(reports.count == 2_000 && reports.prefix(3) == ["1: 1 @1", "2: stream_deleted", "3: 2 @2"])
        #expect(summary.failure == nil && summary.status == .found)
    }

    @Test("is refused event by event when it is repeated")
    func repeated() async throws {
        let store = InMemoryEventStore()
        let lines = (1...10).map { InputLines.event($0) }
        _ = try await append(lines, to: store)
        let (reports, summary) = try await append(lines, to: store)
        #expect(reports == (1...10).map { "\($0): duplicate_event_id" })
        #expect(summary.status == .found)
        #expect(try await store.currentPosition() == 10)
    }

    @Test("refuses an event that came before in the same input")
    func repeatedWithin() async throws {
        let lines = [1, 2, 1, 2, 3].map { InputLines.event($0) }
        let (reports, summary) = try await append(lines, to: DelayingStore())
        #expect(reports == ["1: 1 @1", "2: 2 @2", "3: duplicate_event_id", "4: duplicate_event_id", "5: 3 @3"])
        #expect(summary.refused == 2)
    }

    @Test("acknowledges what is stored already when asked to, and adds nothing")
    func skipExisting() async throws {
        let store = InMemoryEventStore()
        let lines = [
            InputLines.event(1), InputLines.event(2, extra: #","expected_version":1"#), InputLines.commit([3, 4]),
        ]
        _ = try await append(lines, to: store)
        let again = lines + [InputLines.event(5), InputLines.event(5)]
        let (reports, summary) = try await append(again, to: store, skipsExisting: true)
        #expect(reports == ["1: 1 @1 existing", "2: 2 @2 existing", "3: 4 @4 existing", "4: 5 @5", "5: 5 @5 existing"])
        #expect(summary.status == .success)
        #expect(try await store.currentPosition() == 5)
    }

    @Test("acknowledges events that another grouping into commits stored")
    func skipExistingRegrouped() async throws {
        let store = InMemoryEventStore()
        _ = try await append([InputLines.commit([1, 2]), InputLines.event(3), InputLines.event(4)], to: store)
        let lines = [InputLines.event(1), InputLines.event(2), InputLines.commit([3, 4]), InputLines.commit([2, 3])]
        let (reports, _) = try await append(lines, to: store, skipsExisting: true)
        #expect(reports == ["1: 1 @1 existing", "2: 2 @2 existing", "3: 4 @4 existing", "4: 3 @3 existing"])
    }

    @Test("refuses a commit of which only a part is stored")
    func partlyStored() async throws {
        let store = InMemoryEventStore()
        _ = try await append([InputLines.event(1)], to: store)
        let (reports, summary) = try await append([InputLines.commit([1, 2])], to: store, skipsExisting: true)
        #expect(reports == ["1: partly_stored"])
        #expect(summary.status == .found)
    }

    @Test("refuses a stored id with other contents, in another stream or in another order")
    func different() async throws {
        let store = InMemoryEventStore()
        _ = try await append([InputLines.event(1), InputLines.event(2)], to: store)
        let lines = [
            InputLines.event(1, data: "[]"), InputLines.event(1, aggregateID: UUID().uuidString),
            InputLines.commit([2, 1]),
        ]
        let (reports, _) = try await append(lines, to: store, skipsExisting: true)
        #expect(reports == (1...3).map { "\($0): duplicate_event_id" })
    }

    @Test("ends when the store fails, and reports the failure of the line that met it")
    func storeFails() async throws {
        let store = DelayingStore(failsAt: 5)
        let (reports, summary) = try await append((1...20).map { InputLines.event($0) }, to: store, chunk: 10)
        #expect(reports.prefix(5) == ["1: 1 @1", "2: 2 @2", "3: 3 @3", "4: 4 @4", "5: storage_full"])
        #expect(summary.status == .ioFailure)
    }

    @Test("does not wait for more input once nobody listens")
    func listenerGone() async throws {
        let run = AppendRun(store: InMemoryEventStore())
        let isFirst = Mutex(true)
        let neverEnds = AsyncStream<Void>.makeStream()
        await #expect(throws: ClosedOutput.self) {
            _ = try await run.run(
                input: { () async throws(ToolError) in
                    let isFirst = isFirst.withLock { isFirst in
                        defer { isFirst = false }
                        return isFirst
                    }
                    if isFirst { return InputLines([InputLines.event(1), ""]).bytes }
                    for await _ in neverEnds.stream {}
                    return nil
                },
                report: { _, _ in throw ClosedOutput() }, pause: { _ in })
        }
        neverEnds.continuation.finish()
    }

    @Test("has 1,024 commits in flight and no more", .timeLimit(.minutes(10)))
    func window() async throws {
        let store = GatheringStore(gathering: 1_024)
        let (reports, _) = try await append((1...2_048).map { InputLines.event($0) }, to: store)
        #expect(reports == (1...2_048).map { "\($0): \($0) @\($0)" })
        #expect(store.mostInFlight == 1_024)
    }

    @Test("takes no new commit for a repeated one, even from a store that decides out of order")
    func decidedOutOfOrder() async throws {
        let store = DelayingStore(decidesLate: true)
        let lines = (1...500).map { InputLines.event($0) }
        let first = try await append(lines, to: store)
        #expect(first.summary == AppendSummary(appended: 500))
        let second = try await append(lines, to: store)
        #expect(second.summary.refused == 500)
        let third = try await append(lines, to: store, skipsExisting: true)
        #expect(third.summary == AppendSummary(existing: 500))
    }

    @Test("of nothing has no lines")
    func empty() async throws {
        let (reports, summary) = try await append(["", " ", "\r"], to: InMemoryEventStore())
        #expect(reports.isEmpty)
        #expect(summary == AppendSummary())
    }
}
