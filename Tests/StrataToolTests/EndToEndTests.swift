import Foundation
import Testing

@testable import StrataTool

@Suite("The built tool", .serialized)
struct EndToEndTests {
    private let folder: TemporaryFolder
    private let store: String

    init() throws {
        folder = try TemporaryFolder()
        store = folder.file("s.strata")
    }

    /// Lines over seven streams.
    private func lines(_ numbers: ClosedRange<Int>) -> [String] {
        numbers.map { number in
            let aggregateID = "5bbd93f2-0ad7-5d8c-9c97-98000000000\(number % 7)"
            return InputLines.event(
                number, aggregateID: aggregateID, data: #"{"n":\#(number).0, "é":[ ]}"#,
                extra: #","metadata":{"tenant_id":"t\#(number % 2)","x":"\u0001"}"#)
        }
    }

    private func input(_ numbers: ClosedRange<Int>) -> [UInt8] {
        InputLines(lines(numbers) + [""]).bytes
    }

    private func fill(_ count: Int = 100) async throws {
        let run = try await ToolProcess.run("append", store, "-", input: input(1...count))
        try #require(run.status == 0, "\(run.errors)")
    }

    @Test("appends, and exports the same data in the same order")
    func roundTrip() async throws {
        let append = try await ToolProcess.run("append", store, input: input(1...3_000))
        #expect(append.status == 0)
        #expect(append.errors == "")
        #expect(try append.objects.map { $0["line"] as? Int } == (1...3_000).map { $0 })
        #expect(try append.objects.map { $0["position"] as? Int } == (1...3_000).map { $0 })
        #expect(
            append.lines.last
                == #"{"line":3000,"stream":"File/5bbd93f2-0ad7-5d8c-9c97-980000000004","version":429,"position":3000}"#)

        let export = try await ToolProcess.run("export", store)
        #expect(export.status == 0)
        #expect(export.lines.count == 3_000)
        #expect(
            export.lines.last?.contains(#""data":{"n":3000.0, "é":[ ]},"metadata":{"tenant_id":"t0","x":"\u0001"}}"#)
                == true)
        #expect(try export.objects.map { $0["event_id"] as? String } == (1...3_000).map(InputLines.eventID))

        let copy = folder.file("copy.strata")
        let again = try await ToolProcess.run("append", copy, input: Array(export.output.utf8))
        #expect(again.output == append.output)
        let exportOfCopy = try await ToolProcess.run("export", copy)
        let storedAt = /"stored_at":"[^"]*"/
        #expect(exportOfCopy.output.replacing(storedAt, with: "") == export.output.replacing(storedAt, with: ""))
    }

    @Test("refuses a second run event by event, and acknowledges it with --skip-existing")
    func secondRun() async throws {
        try await fill()
        let before = try await ToolProcess.run("export", store)
        let second = try await ToolProcess.run("append", store, input: input(1...100))
        #expect(second.status == 1)
        #expect(second.lines.count == 100)
        #expect(second.lines.allSatisfy { $0.contains(#""code":"duplicate_event_id""#) })
        let third = try await ToolProcess.run("append", store, "--skip-existing", input: input(1...100))
        #expect(third.status == 0)
        #expect(third.lines.allSatisfy { $0.hasSuffix(#","existing":true}"#) })
        #expect(try third.objects.map { $0["position"] as? Int } == (1...100).map { $0 })
        #expect(try await ToolProcess.run("export", store).output == before.output)
    }

    @Test("reads streams, types and ranges")
    func read() async throws {
        try await fill()
        func positions(_ arguments: String...) async throws -> [Int] {
            let tool = try ToolProcess(["read", store] + arguments)
            let run = try await tool.end()
            #expect(run.status == 0, "\(run.errors)")
            return try run.objects.compactMap { $0["position"] as? Int }
        }
        let stream = "File/5bbd93f2-0ad7-5d8c-9c97-980000000003"
        #expect(try await positions("--stream", stream, "--from", "2", "--to", "4") == [10, 17, 24])
        #expect(try await positions("--stream", stream, "--backwards", "--limit", "2") == [94, 87])
        #expect(try await positions("--all", "--from", "5", "--to", "7") == [5, 6, 7])
        #expect(try await positions("--all", "--from", "97", "--backwards") == [100, 99, 98, 97])
        #expect(try await positions("--all", "--to", "6", "--backwards", "--limit", "2") == [6, 5])
        #expect(try await positions("--all", "--tenant", "t1", "--limit", "3") == [1, 3, 5])
        #expect(try await positions("--all", "--event-type", "Other") == [])
        #expect(try await positions("--type", "File") == (1...100).map { $0 })
        #expect(try await positions("--type", "File", "--since", "2999-01-01T00:00:00Z") == [])
        #expect(try await positions("--type", "File", "--from", "99") == [99, 100])
        #expect(try await positions("--type", "Other") == [])
    }

    @Test("says what a store holds, that it is sound, and what lies in a segment")
    func look() async throws {
        try await fill()
        let stats = try #require(try await ToolProcess.run("stats", store).objects.first)
        #expect(stats["events"] as? Int == 100)
        #expect(stats["streams"] as? Int == 7)
        #expect(stats["commits"] as? Int == 100)
        let verify = try await ToolProcess.run("verify", store)
        #expect(verify.status == 0)
        #expect(try verify.objects.first?["sound"] as? Bool == true)
        let inspect = try await ToolProcess.run("inspect", store + "/events/00000000000000000001.seg")
        #expect(inspect.status == 0)
        let frames = try #require(try inspect.objects.first?["frames"] as? [[String: Any]])
        #expect(frames.count { $0["kind"] as? String == "commit" } == 100)
        for command in ["stats", "verify"] {
            let text = try await ToolProcess.run(command, store, "--format", "text")
            #expect(text.status == 0)
            #expect(text.output.contains("events:"))
        }
        let list = try await ToolProcess.run("snapshots", "list", store)
        #expect(list.status == 0)
        #expect(list.output == "")
    }

    @Test("finds damage, says so and ends with 1")
    func damage() async throws {
        try await fill()
        let segment = URL(filePath: store + "/events/00000000000000000001.seg")
        var bytes = try Data(contentsOf: segment)
        let target = try #require(bytes.range(of: Data(#"{"n":50.0"#.utf8)))
        bytes[target.lowerBound + 1] ^= 0x01
        try bytes.write(to: segment)
        let verify = try await ToolProcess.run("verify", store)
        #expect(verify.status == 1)
        #expect(try verify.objects.first?["sound"] as? Bool == false)
        #expect(verify.errors.split(separator: "\n").count == 1)
        let inspect = try await ToolProcess.run("inspect", segment.path)
        #expect(inspect.status == 1)
    }

    /// Flips a bit of the first segment.
    private func flip(_ text: String, back distance: Int = 0) throws {
        let segment = URL(filePath: store + "/events/00000000000000000001.seg")
        var bytes = try Data(contentsOf: segment)
        let place = try #require(bytes.range(of: Data(text.utf8))).lowerBound - distance
        bytes[place] ^= 0x01
        try bytes.write(to: segment)
    }

    @Test("writes everything before damage, says so and ends with 1", arguments: ["json", "text"])
    func damageInTheMiddle(format: String) async throws {
        try await fill()
        let sound = try await ToolProcess.run("export", store, "--format", format)
        try flip(#"{"n":50.0"#)
        for arguments in [["export", store], ["read", store, "--all"]] {
            let run = try await ToolProcess(arguments + ["--format", format]).end()
            #expect(run.status == 1)
            #expect(run.lines.count == (format == "json" ? 49 : 50))
            if format == "json" { #expect(sound.output.hasPrefix(run.output)) }
        }
    }

    @Test("says of a stream whose end may be lost to a damaged header that it may be, and ends with 1")
    func lostEnd() async throws {
        try await fill()
        let segment = store + "/events/00000000000000000001.seg"
        let inspection = try await ToolProcess.run("inspect", segment)
        let frames = try #require(try inspection.objects.first?["frames"] as? [[String: Any]])
        let stream = "File/5bbd93f2-0ad7-5d8c-9c97-980000000003"
        let last = try #require(frames.last { $0["stream"] as? String == stream }?["offset"] as? Int)
        let sound = try await ToolProcess.run("read", store, "--stream", stream)
        var bytes = try Data(contentsOf: URL(filePath: segment))
        bytes[last + 30] ^= 0x01
        try bytes.write(to: URL(filePath: segment))
        func read(_ arguments: String...) async throws -> ToolProcess.Ended {
            try await ToolProcess(["read", store, "--stream", stream] + arguments).end()
        }
        for arguments in [[], ["--from", "3"], ["--to", "14"], ["--limit", "20"]] {
            let run = try await ToolProcess(["read", store, "--stream", stream] + arguments).end()
            #expect(run.status == 1 && run.errors.contains("later events may be lost"), "\(arguments): \(run.errors)")
            #expect(run.lines.last == sound.lines.dropLast().last)
        }
        let backwards = try await read("--backwards", "--limit", "2")
        #expect(backwards.status == 1 && backwards.lines == sound.lines.dropLast().suffix(2).reversed())
        for arguments in [["--to", "13"], ["--limit", "5"], ["--backwards", "--to", "13"]] {
            let run = try await ToolProcess(["read", store, "--stream", stream] + arguments).end()
            #expect(run.status == 0, "\(arguments): \(run.errors)")
        }
        let other = try await ToolProcess.run("read", store, "--stream", "File/5bbd93f2-0ad7-5d8c-9c97-980000000004")
        #expect(other.status == 1 && other.errors.contains("later events may be lost"))
    }

    @Test("reads streams to the end as before where damage names another one")
    func damageOfAnother() async throws {
        try await fill()
        try flip(#"{"n":50.0"#)
        let run = try await ToolProcess.run("read", store, "--stream", "File/5bbd93f2-0ad7-5d8c-9c97-980000000003")
        #expect(run.status == 0 && run.lines.count == 14, "\(run.errors)")
    }

    @Test("removes nothing that a self-test did not make", arguments: ["link", "file", "folder"])
    func selfTestMeetsAnotherPath(kind: String) async throws {
        switch kind {
        case "link": try FileManager.default.createSymbolicLink(atPath: store, withDestinationPath: folder.file("none"))
        case "file": try Data("x".utf8).write(to: URL(filePath: store))
        default: try FileManager.default.createDirectory(atPath: store, withIntermediateDirectories: false)
        }
        let run = try await ToolProcess.run("bench", "--store", store, "--seconds", "0.01")
        #expect(run.status == 73 && run.errors.contains("exists already"), "\(run.errors)")
        #expect(try FileManager.default.attributesOfItem(atPath: store).isEmpty == false)
        #expect(!FileManager.default.fileExists(atPath: folder.file("none")))
    }

    @Test("takes a torn tail before room that is not used yet for no damage")
    func tornTail() async throws {
        try await fill(20)
        let segment = URL(filePath: store + "/events/00000000000000000001.seg")
        var bytes = try Data(contentsOf: segment)
        let last = try #require(bytes.range(of: Data(#"{"n":20.0"#.utf8)))
        bytes[last.lowerBound] ^= 0x01
        // What follows the last commit is the mark of the close.
        let end = last.upperBound + 40
        bytes.replaceSubrange(end..., with: Data(count: max(bytes.count - end, 8_192)))
        try bytes.write(to: segment)
        let run = try await ToolProcess.run("inspect", segment.path)
        let frames = try #require(try run.objects.first?["frames"] as? [[String: Any]])
        #expect(frames.suffix(2).allSatisfy { $0["kind"] as? String == "unverified" })
        #expect(run.status == 0, "\(run.errors)")
        #expect(try await ToolProcess.run("verify", store).status == 0)
    }

    @Test("lets one process write; the next one ends with 75 and names it")
    func locked() async throws {
        let first = try ToolProcess(["append", store])
        try first.write(input(1...1))
        #expect(first.nextLine()?.hasPrefix(#"{"line":1,"#) == true)
        let second = try await ToolProcess.run("append", store, input: input(2...2))
        #expect(second.status == 75)
        #expect(second.output == "")
        #expect(second.errors.contains(String(first.processID)))
        #expect(second.errors.split(separator: "\n").count == 1)
        // Another process sees an event once the writer, idle for a moment, has marked it as durable.
        var export = try await ToolProcess.run("export", store)
        for _ in 0..<200 where export.lines.isEmpty { export = try await ToolProcess.run("export", store) }
        #expect(export.lines.count == 1)
        let end = try await first.end(with: input(3...4))
        #expect(end.status == 0)
        #expect(try await ToolProcess.run("export", store).lines.count == 3)
    }

    @Test(
        "keeps everything acknowledged when it is killed, and completes it when repeated", arguments: [1, 400, 1_500])
    func killed(after acknowledged: Int) async throws {
        let tool = try ToolProcess(["append", store])
        let all = input(1...2_000)
        let writing = tool.beginWriting(all)
        for _ in 0..<acknowledged { #expect(tool.nextLine() != nil) }
        tool.kill()
        var seen = acknowledged
        while tool.nextLine() != nil { seen += 1 }
        _ = await writing.value
        #expect(try await tool.end().isKilled)

        let survivors = try await ToolProcess.run("export", store).lines.count
        #expect(survivors >= seen)
        let again = try await ToolProcess.run("append", store, "--skip-existing", input: all)
        #expect(again.status == 0, "\(again.errors)")
        #expect(again.lines.count == 2_000)
        let export = try await ToolProcess.run("export", store)
        #expect(try export.objects.map { $0["event_id"] as? String } == (1...2_000).map(InputLines.eventID))
    }

    @Test("ends quietly when nobody reads its results any more")
    func closedPipe() async throws {
        try await fill(3_000)
        let export = try ToolProcess(["export", store])
        #expect(export.nextLine() != nil)
        try export.closeOutput()
        let end = try await export.end(readingOutput: false)
        #expect(end.status == 0)
        #expect(!end.isKilled)
        #expect(end.errors == "")
    }
}
