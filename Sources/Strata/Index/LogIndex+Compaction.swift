import EventSourcing
import FoundationEssentials
import Synchronization

extension LogIndex {
    /// From which version on the events of streams are live, of all streams that have released some.
    var liveVersions: LiveVersions {
        state.withLock { state in
            var live = LiveVersions()
            for (key, release) in state.releases {
                let type = state.types.names[Int(key.aggregateType)]
                live.add(
                    release.firstLiveVersion, of: StreamID(type, UUID(bits: key.id)),
                    StreamProbe(key, tag: FrameHeader.tag(of: type)))
            }
            return live
        }
    }

    /// The sealed segments, in the order of their positions.
    var sealedSegments: [IndexedSegment] {
        state.withLock { $0.sealed }
    }

    /// The segment that is appended to.
    var activeSegment: SegmentView {
        state.withLock { SegmentView($0.active) }
    }

    /// Puts one segment in the place of neighbouring ones. Whoever reads one of those goes on with it.
    func replace(_ inputs: [Manifest.SealedSegment], with output: Manifest.SealedSegment, _ index: CompactedIndex) {
        state.withLock { state in
            guard
                let first = state.sealed.firstIndex(where: { $0.identity == inputs[0].identity }),
                state.sealed[first...].prefix(inputs.count).map(\.identity) == inputs.map(\.identity)
            else { return }
            for type in index.types { _ = state.types.add(type.name) }
            let segment =
                switch index {
                case .sidecar(let sidecar): IndexedSegment(output, sidecar, types: state.types)
                case .memory(let index): IndexedSegment(output, index, isDamaged: false, types: state.types)
                }
            state.replaceSealed(first..<first + inputs.count, with: segment)
        }
    }
}

/// The index of a segment that a compaction has made.
enum CompactedIndex: Sendable {
    case sidecar(Sidecar)
    /// Where no sidecar could be made.
    case memory(GrowingIndex)

    fileprivate var types: [IndexedType] {
        switch self {
        case .sidecar(let sidecar): sidecar.types
        case .memory(let index): index.types
        }
    }
}
