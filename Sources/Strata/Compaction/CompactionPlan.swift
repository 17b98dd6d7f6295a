/// What a compaction rewrites, and why.
struct CompactionPlan: Sendable {
    /// A sealed segment, and what of it is live.
    struct Segment: Sendable {
        let entry: Manifest.SealedSegment
        let survey: SegmentSurvey

        init(_ entry: Manifest.SealedSegment, _ survey: SegmentSurvey) {
            self.entry = entry
            self.survey = survey
        }
    }

    /// Neighbouring segments that become one.
    struct Group: Sendable {
        var segments: [Segment]

        var inputs: [Manifest.SealedSegment] { segments.map(\.entry) }
        var liveBytes: Int { segments.reduce(0) { $0 + $1.survey.liveBytes } }
        var releasedEvents: Int { segments.reduce(0) { $0 + $1.survey.releasedEvents } }
    }

    /// What is merged is not longer together, whatever is released of it: how much is, is estimated, and the result must fit
    /// into a segment with what is stored beside the frames.
    static let longestRun = Format.longestSegment / 4 * 3

    private(set) var groups: [Group] = []
    private let options: CompactionOptions

    /// Looks at all sealed segments, and chooses what is worth it. May block.
    init(_ reader: LogReader, _ live: LiveVersions, _ options: CompactionOptions) throws(StrataError) {
        let segments = try reader.ask { index throws(IndexFault) in
            var segments: [Segment] = []
            for segment in index.sealedSegments {
                segments.append(Segment(segment.entry, try SegmentSurvey(of: segment, live)))
            }
            return segments
        }
        self.init(segments, options)
    }

    /// Chooses what is worth it.
    ///
    /// - Parameter segments: all sealed segments, in the order of their positions.
    init(_ segments: [Segment], _ options: CompactionOptions) {
        self.options = options
        var run: [Segment] = []
        var (runBytes, liveBytes) = (0, 0)
        for segment in segments {
            let bytes = Int(clamping: segment.entry.contentLength)
            if liveBytes + segment.survey.liveBytes > options.targetSegmentBytes || runBytes + bytes > Self.longestRun {
                end(run)
                (run, runBytes, liveBytes) = ([], 0, 0)
            }
            run.append(segment)
            runBytes += bytes
            liveBytes += segment.survey.liveBytes
        }
        end(run)
    }

    /// Merges neighbours that fit into one segment, unless one is as large as all others together: it would be rewritten
    /// over and over for what little is added to it.
    private mutating func end(_ run: [Segment]) {
        let bytes = run.reduce(0) { $0 + $1.survey.liveBytes }
        guard let largest = run.indices.max(by: { run[$0].survey.liveBytes < run[$1].survey.liveBytes }) else { return }
        if run.count >= options.minMergedSegments, run[largest].survey.liveBytes <= bytes / 2 {
            groups.append(Group(segments: run))
        } else if run.count > options.minMergedSegments {
            end(Array(run[..<largest]))
            end([run[largest]])
            end(Array(run[(largest + 1)...]))
        } else {
            for segment in run where isWorthIt(segment) { groups.append(Group(segments: [segment])) }
        }
    }

    private func isWorthIt(_ segment: Segment) -> Bool {
        if segment.survey.releasedEvents > 0, segment.survey.releasedShare >= options.minReleasedShare { return true }
        return options.compression == .lz4 && !segment.entry.isCompacted
    }
}
