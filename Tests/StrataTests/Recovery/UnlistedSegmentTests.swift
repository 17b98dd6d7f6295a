import EventSourcing
import StrataTesting
import Testing

@testable import FuzzHarness
@testable import Strata

/// Of a segment that the manifest does not list, no more is read than it takes to tell what it is.
@Suite struct UnlistedSegmentTests {
    /// A segment with a commit, and megabytes behind it.
    private func longSegment() -> CraftedSegment {
        var segment = CraftedSegment(number: 5)
        for position in 5..<10 {
            let event = sampleEvent(String(repeating: "l", count: 1 << 20))
            segment.append(EncodedCommit([event], of: sampleStream()), epoch: 1, position: position)
        }
        return segment
    }

    /// A store with an empty active segment and another one beside it, and how much of that one a verification reads.
    private func verify(beside bytes: [UInt8]) throws -> (report: VerificationReport, bytesRead: Int) {
        let device = try CraftedSegment.device([CraftedSegment()])
        let name = SegmentIdentity(number: 5).name
        try StoreFile(name, .create, on: device).write(bytes.span.bytes, at: 0)
        device.keepCalls()
        let report = try StrataStore.verify(on: device)
        let reads = device.log.filter { $0.operation == .read && $0.name == name }
        return (report, reads.reduce(0) { $0 + $1.length })
    }

    @Test func oneWithACommitIsDamageAndNotReadFurther() throws {
        let (report, bytesRead) = try verify(beside: longSegment().bytes)
        #expect(report.damage.map(\.reason) == ["the manifest does not list this segment with events"])
        #expect(bytesRead < 3 << 20, "\(bytesRead)")
    }

    @Test func oneWhoseHeaderDoesNotVerifyIsLeftOverOnlyWithoutACommitBehindIt() throws {
        let segment = longSegment().bytes
        let damaged = segment.with(segment[50] ^ 1, at: 50)
        let (report, bytesRead) = try verify(beside: damaged)
        #expect(report.damage.map(\.reason) == ["the manifest does not list this segment with events"])
        #expect(bytesRead < 3 << 20, "\(bytesRead)")
        let (other, otherBytesRead) = try verify(beside: damaged.with(damaged[70] ^ 1, at: 70))
        #expect(other.damage == [])
        #expect(otherBytesRead < 3 << 20, "\(otherBytesRead)")
    }

    @Test func oneWithoutACommitIsLeftOver() throws {
        let room = [UInt8](repeating: 0, count: 4_096)
        #expect(try verify(beside: CraftedSegment(number: 5).bytes + room).report.isSound)
    }
}
