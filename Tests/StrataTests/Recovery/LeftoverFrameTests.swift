import EventSourcing
import StrataTesting
import Testing

@testable import Strata

/// A frame that verifies counts only where it follows from those before it: one that a crash has left over from another
/// epoch does not come back to life.
@Suite struct LeftoverFrameTests {
    private static let stream = sampleStream()
    private static let commit = EncodedCommit([sampleEvent()], of: stream)
    private static let next = EncodedCommit([sampleEvent()], of: stream)
    /// Of the frames that stand first.
    private static let epoch: UInt64 = 5

    typealias Addition = (String, @Sendable (inout CraftedSegment, UInt64) -> Void)

    /// Frames of an epoch that follow a commit.
    private static let additions: [Addition] = [
        ("a commit", { segment, epoch in segment.append(next, epoch: epoch, position: 2, version: 2) }),
        ("a mark", { segment, epoch in segment.append(.mark, epoch: epoch) }),
        (
            "a footer",
            { segment, epoch in segment.appendFooter(epoch: epoch, lastPosition: 1, events: 1, commits: 1) }
        ),
        ("a truncation", { segment, epoch in append(.truncation, epoch, to: &segment) }),
        ("a tombstone", { segment, epoch in append(.tombstone, epoch, to: &segment) }),
        (
            "an open frame behind the epoch",
            { segment, epoch in
                segment.append(.open, epoch: 77, body: OpenBody(previousEpoch: epoch).encoded())
            }
        ),
    ]

    private static func append(_ kind: FrameKind, _ epoch: UInt64, to segment: inout CraftedSegment) {
        let body = AggregateTypeBody.encode(aggregateType: stream.aggregateType)
        segment.append(kind, epoch: epoch, body: body) { frame in
            if kind == .truncation { frame.flags = FrameHeader.emptiesStream }
            frame.firstVersion = kind == .truncation ? 2 : 1
            frame.aggregateTypeTag = FrameHeader.tag(of: stream.aggregateType)
            frame.aggregateID = stream.id.bits
        }
    }

    /// Whether frames behind an open frame and a commit are part of the log.
    private static func isTaken(_ add: (inout CraftedSegment) -> Void) throws -> Bool {
        var segment = CraftedSegment()
        segment.append(.open, epoch: epoch, body: OpenBody(previousEpoch: 1).encoded())
        segment.append(commit, epoch: epoch, position: 1)
        let end = segment.bytes.count
        add(&segment)
        let report = try StrataStore.verify(on: CraftedSegment.device([segment]))
        #expect(report.damage.isEmpty)
        guard let tail = report.tornTail else { return true }
        #expect(tail.offset == end)
        return false
    }

    @Test(arguments: additions.indices)
    func aFrameCountsInItsOwnEpochOnly(index: Int) throws {
        let (what, add) = Self.additions[index]
        #expect(try Self.isTaken { add(&$0, Self.epoch) }, "\(what)")
        #expect(try !Self.isTaken { add(&$0, Self.epoch + 1) }, "\(what)")
        // Of the segment's header, before the epoch that has begun.
        #expect(try !Self.isTaken { add(&$0, 1) }, "\(what)")
    }

    @Test func aCommitWithPositionsThatWereGivenOutBeforeDoesNotCount() throws {
        #expect(try !Self.isTaken { $0.append(Self.next, epoch: Self.epoch, position: 1, version: 2) })
        #expect(try Self.isTaken { $0.append(Self.next, epoch: Self.epoch, position: 2, version: 2) })
    }

    @Test func aCommitThatIsNotLaidOutAsItShouldBeDoesNotCount() throws {
        for body in [[UInt8](repeating: 0, count: 56), Self.next.body + [UInt8](repeating: 0, count: 8)] {
            let isTaken = try Self.isTaken { segment in
                segment.append(.commit, epoch: Self.epoch, body: body) { frame in
                    (frame.eventCount, frame.firstPosition, frame.firstVersion) = (1, 2, 2)
                    frame.aggregateTypeTag = Self.next.aggregateTypeTag
                    frame.aggregateID = Self.stream.id.bits
                }
            }
            #expect(!isTaken)
        }
    }

    @Test(arguments: [FrameKind.truncation, .tombstone])
    func aReleaseThatNamesNoStreamDoesNotCount(_ kind: FrameKind) throws {
        for body in [[255, 1, 2, 3, 4, 5, 6, 7], [UInt8](repeating: 0, count: 8)] {
            let isTaken = try Self.isTaken { segment in
                segment.append(kind, epoch: Self.epoch, body: body) { frame in
                    frame.firstVersion = 2
                    frame.aggregateTypeTag = FrameHeader.tag(of: Self.stream.aggregateType)
                }
            }
            #expect(!isTaken)
        }
    }
}
