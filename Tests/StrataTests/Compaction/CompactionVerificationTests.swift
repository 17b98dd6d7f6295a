import EventSourcing
import StrataTesting
import Testing

@testable import FuzzHarness
@testable import Strata

/// A compacted segment takes the place of others only if it reads back as it was written.
@Suite struct CompactionVerificationTests {
    private let stream = sampleStream()
    private let options = StrataOptions(idleMarkDelay: nil)
    private static let name = CraftedCompactedSegment.identity.name

    private func commits(_ text: String) -> [EncodedCommit] {
        (1...3).map { EncodedCommit([sampleEvent("\(text) \($0)")], of: stream) }
    }

    /// Compacts a store whose compacted file is changed before it is read back.
    private func compact(_ change: @escaping @Sendable (StoreFile) throws -> Void) async throws {
        var segment = CraftedSegment()
        for (index, commit) in commits("kept").enumerated() {
            segment.append(commit, epoch: 1, position: index + 1, version: index + 1)
        }
        segment.appendFooter(epoch: 1, lastPosition: 3, events: 3, commits: 3)
        let base = try CraftedSegment.device([segment, CraftedSegment(number: 4)])
        let device = InterferingDevice(base, before: Self.name, access: .read) { device, name in
            try? change(StoreFile(name, .readWrite, on: device))
        }
        let store = try await StrataStore.open(on: device, options: options)
        let before = try await store.allEvents()
        let error = await #expect(throws: StrataError.self) {
            try await store.compact().report()
        }
        #expect(error?.code == .ioFailure)
        #expect(try await store.allEvents() == before)
        #expect(base.storage.contents[Self.name] == nil)
        try await store.close()
        #expect(try StrataStore.verify(on: base).isSound)
    }

    @Test func oneWhoseFooterDoesNotVerifyIsThrownAway() async throws {
        try await compact { file in
            let last: [UInt8] = [0xFF]
            try file.write(last.span.bytes, at: file.length() - 1)
        }
    }

    @Test func anotherOneThatIsSoundIsThrownAway() async throws {
        let other = CraftedCompactedSegment(commits("else"))
        #expect(try other.scan().damage.isEmpty)
        try await compact { file in
            try file.truncate(to: 0)
            try file.write(other.encoded.span.bytes, at: 0)
        }
    }
}
