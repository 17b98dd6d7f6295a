extension SidecarHeader {
    /// Whether a segment that the manifest says this of can have a sidecar like that. Ask before a section is read: whoever
    /// forges one can have its sections be of any length without writing them.
    func fits(_ entry: Manifest.SealedSegment) -> Bool {
        let contentLength = Int(clamping: entry.contentLength)
        return summary.fits(entry)
            && SidecarSection.allCases.allSatisfy { range(of: $0).count <= longest($0, of: contentLength) }
    }

    /// The most bytes that a section takes.
    ///
    /// - Parameter contentLength: the segment's, as the manifest has it.
    private func longest(_ section: SidecarSection, of contentLength: Int) -> Int {
        switch section {
        // A frame that names a type is longer than what is kept of the type.
        case .types: contentLength
        case .releases: contentLength / Format.frameHeaderBytes * IndexedRelease.bytes
        // A stream has a commit at least, and a directory no more places than things, or one.
        case .streamDirectory: (summary.commitCount + 2) * 4
        case .streams: (summary.commitCount + 1) * SidecarStream.bytes
        case .commits: summary.commitCount * 8
        case .eventDirectory: (summary.eventCount + 2) * 4
        case .events: summary.eventCount * 8
        case .filter: BinaryFuseFilter.Shape(count: summary.eventCount).bytes
        case .marks: (summary.contentLength / WalkMark.distance + 1) * WalkMark.bytes
        }
    }
}

extension SidecarSummary {
    fileprivate func fits(_ entry: Manifest.SealedSegment) -> Bool {
        let hasEvents = eventCount > 0
        let positions = hasEvents ? Int(clamping: entry.firstPosition)...Int(clamping: entry.lastPosition) : 0...0
        return eventCount == Int(clamping: entry.eventCount) && commitCount == Int(clamping: entry.commitCount)
            && positions.contains(firstPosition) && positions.contains(lastPosition) && firstPosition <= lastPosition
            && contentLength <= Int(clamping: entry.contentLength)
    }
}
