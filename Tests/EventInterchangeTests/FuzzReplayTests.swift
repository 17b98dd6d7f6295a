import Foundation
import FuzzHarness
import Testing

/// Every file of the corpora of lines and metadata, and what must hold for it.
@Suite("The fuzzer's inputs")
struct FuzzReplayTests {
    @Test("keep what must hold for all bytes", arguments: try FuzzCorpus.inputs(of: FuzzTarget.ofInterchange))
    func input(_ input: FuzzCorpus.Input) async throws {
        try await input.target.run(Array(Data(contentsOf: input.file)))
    }
}
