import Foundation
import Testing

@testable import StrataTool

@Suite("Bad input to the built tool", .serialized)
struct BadInputTests {
    private let folder: TemporaryFolder
    private let store: String

    init() throws {
        folder = try TemporaryFolder()
        store = folder.file("s.strata")
    }

    /// One line on standard error, and nothing that a script could take for a result.
    private func check(_ run: ToolProcess.Ended, status: Int32, says text: String = "strata") {
        #expect(run.status == status, "\(run.errors)")
        #expect(run.errors.hasPrefix("strata: "))
        #expect(run.errors.split(separator: "\n").count == 1, "\(run.errors)")
        #expect(run.errors.contains(text), "\(run.errors)")
    }

    @Test(
        "in a line ends append with 65 and names the line and the code",
        arguments: [
            ("{", "invalid_json"), (InputLines.event(1, aggregateID: "5bbd93f2"), "invalid_uuid"),
            (
                InputLines.event(1).replacingOccurrences(of: "2025-12-06T", with: "2025-13-06T"), "invalid_date"
            ), (InputLines.event(1).replacingOccurrences(of: "\"File\"", with: "\"a/b\""), "invalid_stream"),
            (InputLines.event(1, data: "\"" + String(repeating: "x", count: 17 << 20) + "\""), "limit_exceeded"),
        ])
    func lines(line: String, code: String) async throws {
        let good = InputLines.event(2)
        let run = try await ToolProcess.run(
            "append", store, input: InputLines([good, line, InputLines.event(3)]).bytes)
        check(run, status: 65, says: "line 2")
        #expect(run.lines.count == 2)
        #expect(run.lines.last?.hasPrefix(#"{"line":2,"error":{"code":"\#(code)","message":"#) == true)
        #expect(try await ToolProcess.run("export", store).lines.count == 1)
    }

    @Test("that is not UTF-8 ends append with 65")
    func invalidUTF8() async throws {
        let line = Array(InputLines.event(1, data: "\"?\"").utf8).map { $0 == UInt8(ascii: "?") ? 0xFF : $0 }
        let run = try await ToolProcess.run("append", store, input: line)
        check(run, status: 65, says: "UTF-8")
        #expect(run.output.contains("invalid_utf8"))
    }

    @Test("that is empty ends append with 65", arguments: ["", "\n \n"])
    func empty(input: String) async throws {
        check(try await ToolProcess.run("append", store, input: Array(input.utf8)), status: 65, says: "no events")
    }

    @Test("is a store that does not exist", arguments: ["export", "stats", "verify"])
    func noStore(command: String) async throws {
        check(try await ToolProcess.run(command, store), status: 74, says: "s.strata")
        #expect(!FileManager.default.fileExists(atPath: store))
    }

    @Test("is a folder that is no store", arguments: ["export", "append"])
    func notAStore(command: String) async throws {
        try FileManager.default.createDirectory(atPath: store, withIntermediateDirectories: true)
        try Data("x".utf8).write(to: URL(filePath: store + "/notes.txt"))
        let run = try await ToolProcess.run(command, store, input: InputLines([InputLines.event(1)]).bytes)
        check(run, status: 65, says: "s.strata")
        #expect(try FileManager.default.contentsOfDirectory(atPath: store) == ["notes.txt"])
    }

    @Test("is a file in the place of a folder", arguments: ["export", "append"])
    func fileInPlace(command: String) async throws {
        try Data("x".utf8).write(to: URL(filePath: store))
        let run = try await ToolProcess.run(command, store, input: InputLines([InputLines.event(1)]).bytes)
        check(run, status: 65, says: "s.strata")
    }

    @Test("is a folder in which nothing may be made", .enabled(if: getuid() != 0, "root may do anything"))
    func notPermitted() async throws {
        try FileManager.default.setAttributes([.posixPermissions: 0o500], ofItemAtPath: folder.path)
        check(try await ToolProcess.run("append", store, input: InputLines([InputLines.event(1)]).bytes), status: 73)
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: folder.path)
    }

    @Test("is a stream or a snapshot that does not exist")
    func unknownStream() async throws {
        _ = try await ToolProcess.run("append", store, input: InputLines([InputLines.event(1)]).bytes)
        let stream = "File/00000000-0000-4000-8000-000000000000"
        check(try await ToolProcess.run("read", store, "--stream", stream), status: 65, says: stream)
        check(try await ToolProcess.run("snapshots", "show", store, stream), status: 65, says: stream)
    }

    @Test("is an input file that does not exist")
    func noFile() async throws {
        check(try await ToolProcess.run("append", store, folder.file("none.ndjson")), status: 74, says: "none.ndjson")
        #expect(!FileManager.default.fileExists(atPath: store))
    }

    @Test("is wrong usage", arguments: [["read", "s"], ["append"], ["nonsense"], ["stats", "s", "--format", "xml"]])
    func usage(arguments: [String]) async throws {
        check(try await ToolProcess(arguments).end(), status: 64)
    }
}
