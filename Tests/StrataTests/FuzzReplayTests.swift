import Foundation
import FuzzHarness
import Testing

/// What fuzzing has found stays found: every file of the corpora of the engine's targets, and what must hold for it.
@Suite struct FuzzReplayTests {
    @Test(arguments: try FuzzCorpus.inputs(of: FuzzTarget.ofEngine))
    func input(_ input: FuzzCorpus.Input) async throws {
        try await input.target.run(Array(Data(contentsOf: input.file)))
    }
}
