import EventSourcing
import Testing

@testable import Strata

/// What a manifest claims under a right checksum takes neither memory nor the process down.
@Suite struct CraftedManifestTests {
    @Test func claimsOfManyEventsEndInDamage() throws {
        let sealed = (0..<1_000).map { index in
            Manifest.SealedSegment(
                firstPosition: index << 40 + 1, lastPosition: (index + 1) << 40, bytes: 1 << 32,
                eventCount: 80_000_000, commitCount: 1, digest: 0)
        }
        let manifest = Manifest(
            storeID: 1, generation: 1, createdAt: WorkedExample.time, sealed: sealed, active: 1_000 << 40 + 1)
        let device = InMemoryDevice(files: ["MANIFEST": manifest.encoded()], time: WorkedExample.time)
        let report = try StrataStore.verify(on: device)
        #expect(report.damage.count == 1_001)
    }

    @Test(arguments: [Format.generationLimit, .max])
    func aGenerationThatNothingCanFollowIsRefused(generation: UInt64) throws {
        func manifest(_ generation: UInt64) -> Manifest {
            Manifest(storeID: 1, generation: generation, createdAt: WorkedExample.time, sealed: [], active: 1)
        }
        #expect(throws: FormatError.invalidField) {
            try Manifest(decoding: manifest(generation).encoded().span.bytes)
        }
        let highest = manifest(Format.generationLimit - 1)
        #expect(try Manifest(decoding: highest.encoded().span.bytes) == highest)
        #expect(highest.successor() == nil)
        #expect(manifest(Format.generationLimit - 2).successor() == highest)
        let device = InMemoryDevice(files: ["MANIFEST": manifest(generation).encoded()], time: WorkedExample.time)
        let error = #expect(throws: StrataError.self) { try StrataStore.verify(on: device) }
        #expect(error?.damage.map(\.file) == ["MANIFEST"])
    }

    @Test(arguments: [(UInt64(48), false), (56, false), (64, true)])
    func theContentOfASegmentHasAHeader(contentLength: UInt64, isTaken: Bool) {
        let sealed = Manifest.SealedSegment(
            firstPosition: 1, lastPosition: 8, bytes: 200, eventCount: 0, commitCount: 0, digest: 0, generation: 1,
            contentLength: contentLength)
        let manifest = Manifest(
            storeID: 1, generation: 1, createdAt: WorkedExample.time, sealed: [sealed], active: 9)
        #expect((try? Manifest(decoding: manifest.encoded())) == (isTaken ? manifest : nil))
    }
}
