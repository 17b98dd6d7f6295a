import Foundation
import Testing

@testable import StrataTool

@Suite("The demo", .serialized)
struct DemoTests {
    private let folder: TemporaryFolder
    private let store: String

    init() throws {
        folder = try TemporaryFolder()
        store = folder.file("demo.strata")
    }

    private static let headings = [
        "BASIC SNAPSHOTTING EXAMPLE", "MANUAL SNAPSHOT EXAMPLE", "BACKGROUND SNAPSHOT EXAMPLE",
        "SCHEMA VERSIONING EXAMPLE", "PERFORMANCE COMPARISON EXAMPLE", "SNAPSHOT INSPECTION EXAMPLE",
        "ALL EXAMPLES COMPLETED",
    ]

    private func isComplete(_ lines: [String]) -> Bool {
        lines.filter(Self.headings.contains) == Self.headings && lines.contains("Snapshot at version: 200")
    }

    @Test("runs on the file store, leaves it behind and says how to look into it")
    func fileStore() async throws {
        let demo = try await ToolProcess.run("demo", "--store", store)
        #expect(demo.status == 0, "\(demo.errors)")
        #expect(isComplete(demo.lines))
        #expect(demo.errors.contains("Snapshot at version: 100"))
        #expect(demo.errors.contains("stats \(store)"))
        let snapshots = try await ToolProcess.run("snapshots", "list", store)
        let first = try #require(try snapshots.objects.first)
        let stream = "\(try #require(first["aggregate_type"]))/\(try #require(first["aggregate_id"]))"
        for format in ["json", "text"] {
            let show = try await ToolProcess.run("snapshots", "show", store, stream, "--format", format)
            #expect(show.status == 0)
            #expect(show.output.contains("customer@example.com"))
        }
        #expect(try await ToolProcess.run("verify", store).status == 0)
    }

    @Test("runs in memory")
    func inMemory() async throws {
        let demo = try await ToolProcess.run("demo", "--in-memory")
        #expect(demo.status == 0, "\(demo.errors)")
        #expect(isComplete(demo.lines))
    }

    @Test("for machines is one object")
    func json() async throws {
        let demo = try await ToolProcess.run("demo", "--store", store, "--format", "json")
        #expect(demo.lines.count == 1)
        let object = try #require(try demo.objects.first)
        #expect(isComplete(try #require(object["output"] as? [String])))
        #expect(object["store"] as? String == store)
        #expect((object["snapshots"] as? Int ?? 0) > 0)
    }

    @Test("adds nothing to a store that somebody named and that exists")
    func existing() async throws {
        _ = try await ToolProcess.run("append", store, input: InputLines([InputLines.event(1)]).bytes)
        let demo = try await ToolProcess.run("demo", "--store", store)
        #expect(demo.status == 73)
        #expect(demo.output == "")
        #expect(demo.errors.split(separator: "\n").count == 1)
        #expect(try await ToolProcess.run("export", store).lines.count == 1)
    }
}
