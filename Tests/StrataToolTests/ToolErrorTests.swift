import EventSourcing
import Strata
import Testing

@testable import StrataTool

@Suite("An error of the tool")
struct ToolErrorTests {
    @Test(
        "has the exit code of its kind",
        arguments: [
            (StrataError.Code.notFound, 74), (.notAStore, 65), (.unsupportedFormat, 65), (.locked, 75),
            (.permissionDenied, 77), (.cannotCreate, 73), (.storageFull, 74), (.ioFailure, 74), (.damaged, 1),
            (.invalidArgument, 64),
        ] as [(StrataError.Code, Int32)])
    func engineCodes(code: StrataError.Code, status: Int32) {
        #expect(ExitStatus(code).rawValue == status)
    }

    @Test("of a store has the exit code of the engine's error beneath it")
    func cause() {
        let error = EventStoreError(
            .ioFailure, "reading failed", cause: StrataError(.damaged, "bad checksum", path: "a/b.seg", offset: 64))
        let toolError = ToolError(error, at: "a")
        #expect(toolError.status == .found)
        #expect(toolError.message == "a/b.seg: bad checksum (offset 64)")
    }

    @Test("of a lock names the process that holds it, once")
    func lock() {
        let error = StrataError(.locked, "another process writes to the store", path: "s", lockHolder: 77)
        #expect(ToolError(error, at: "s").message == "s: another process writes to the store (process 77)")
        let named = StrataError(.locked, "process 77 writes to the store", path: "s", lockHolder: 77)
        #expect(ToolError(named, at: "s").message == "s: process 77 writes to the store")
    }
}
