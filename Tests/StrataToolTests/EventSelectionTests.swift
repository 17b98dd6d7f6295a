import ArgumentParser
import EventSourcing
import Foundation
import Testing

@testable import StrataTool

private let orderStream = "Order/5bbd93f2-0ad7-5d8c-9c97-987bf7719b96"

@Suite("The selection of read")
struct EventSelectionTests {
    private func source(_ arguments: String...) throws -> EventSource {
        let command = try ReadCommand.parse(["s.strata"] + arguments)
        return try command.selection.source()
    }

    @Test("of a stream takes a range of versions")
    func stream() throws {
        let stream = try #require(StreamID(orderStream))
        #expect(try source("--stream", orderStream) == .stream(StreamQuery(stream)))
        #expect(
            try source("--stream", orderStream, "--from", "2", "--to", "5", "--backwards", "--limit", "3")
                == .stream(StreamQuery(stream, from: 2, to: 5, direction: .backward, limit: 3)))
    }

    @Test("of everything takes a range of positions, inclusive")
    func all() throws {
        #expect(try source("--all") == .feed(FeedQuery(), until: nil))
        #expect(try source("--all", "--from", "2", "--to", "5") == .feed(FeedQuery(after: 1), until: 5))
        #expect(
            try source("--all", "--from", "2", "--to", "5", "--backwards")
                == .feed(FeedQuery(after: 6, direction: .backward), until: 2))
        #expect(try source("--all", "--from=\(Int.min)") == .feed(FeedQuery(after: 0), until: nil))
        #expect(
            try source("--all", "--to", "\(Int.max)", "--backwards")
                == .feed(FeedQuery(after: Position(.max), direction: .backward), until: nil))
        let filter = EventFilter(eventTypes: ["A", "B"], tenantID: "t")
        #expect(
            try source("--all", "--event-type", "A", "--event-type", "B", "--tenant", "t", "--limit", "0")
                == .feed(FeedQuery(limit: 0, filter: filter), until: nil))
    }

    @Test("of a type goes by the time of storing, or by positions where those are asked for")
    func type() throws {
        #expect(
            try source("--type", "Order", "--since", "2025-01-01T00:00:00Z", "--tenant", "t", "--limit", "9")
                == .category(
                    CategoryQuery(
                        "Order", from: Timestamp(rfc3339: "2025-01-01T00:00:00Z"), tenantID: "t", limit: 9)))
        #expect(
            try source("--type", "Order", "--backwards")
                == .feed(
                    FeedQuery(direction: .backward, filter: EventFilter(aggregateTypes: ["Order"])), until: nil))
    }

    @Test(
        "that makes no sense is refused as usage",
        arguments: [
            [], ["--all", "--type", "Order"], ["--stream", orderStream, "--all"],
            ["--stream", orderStream, "--tenant", "t"], ["--stream", orderStream, "--event-type", "t"],
            ["--all", "--since", "2025-01-01T00:00:00Z"],
            ["--type", "Order", "--since", "2025-01-01T00:00:00Z", "--backwards"], ["--all", "--limit=-1"],
            ["--all", "--from", "x"],
        ])
    func usage(arguments: [String]) {
        #expect { try ReadCommand.parse(["s.strata"] + arguments) } throws: {
            StrataCommand.exitCode(for: $0) == ExitCode(ExitStatus.usage.rawValue)
        }
    }

    @Test(
        "with a bad name or date is refused in one line",
        arguments: [
            ["--stream", "Order"], ["--stream", "Order/x"], ["--stream", "A/B/5bbd93f2-0ad7-5d8c-9c97-987bf7719b96"],
            ["--type", "A/B"], ["--type", "Order", "--since", "yesterday"],
        ])
    func names(arguments: [String]) throws {
        let command = try ReadCommand.parse(["s.strata"] + arguments)
        #expect {
            _ = try command.selection.source()
        } throws: {
            ($0 as? ToolError)?.status == .usage
        }
    }
}
