import StrataTesting
import Testing

/// Whatever happens to the bytes of a store at rest is found, or harms nothing.
@Suite(.serialized) struct BitRotTests {
    @Test func everyChangeOfAByteIsFoundOrHarmless() async throws {
        try await expectNoFindings(.bitRot, cases: 400)
    }

    @Test func everyExchangeOfFramesAndFilesIsFoundOrHarmless() async throws {
        try await expectNoFindings(.exchanges, cases: 200)
    }
}
