import EventSourcing

/// The index of a sealed segment in a mapped file that is checked page by page, each at its first use.
///
/// Whatever the bytes are, a look-up ends with an answer that pages with right checksums give, or with a
/// ``SidecarFault``. Any number of threads may look up at the same time.
package final class Sidecar: Sendable {
    package let types: [IndexedType]
    package let releases: [IndexedRelease]
    /// Tells of event ids that they are not in the segment.
    private let filterCells: PinnedBytes
    private let pages: SidecarPages

    /// Takes a sidecar over, if it is one and if it was made for the segment. May block.
    ///
    /// Reads the header, and loads the types, the releases and the filter of event ids.
    ///
    /// - Parameter entry: what the manifest says of the segment; nil where the sidecar was made just now.
    package init(
        _ mapping: FileMapping, for binding: SidecarBinding, of entry: Manifest.SealedSegment? = nil
    ) throws(SidecarFault) {
        pages = try SidecarPages(mapping)
        guard pages.header.binding == binding, entry.map(pages.header.fits) ?? true else { throw .damaged }
        types = try pages.withSection(.types, .verifying) { section throws(SidecarFault) in
            var types: [IndexedType] = []
            var offset = 0
            while offset < section.byteCount {
                guard let type = IndexedType(decoding: section, at: &offset) else { throw .damaged }
                types.append(type)
            }
            return types
        }
        let typeCount = types.count
        releases = try pages.withSection(.releases, .verifying) { section throws(SidecarFault) in
            try section.records(IndexedRelease.bytes) { IndexedRelease(decoding: $0, typeCount: typeCount) }
        }
        let filter = pages.header.filter
        filterCells = try pages.withSection(.filter, .verifying) { section throws(SidecarFault) in
            guard filter.isValid, section.byteCount == filter.bytes else { throw .damaged }
            return PinnedBytes(copying: section)
        }
        pages.unload()
    }

    package var binding: SidecarBinding { pages.header.binding }
    /// What the filter takes in memory, in bytes.
    package var filterBytes: Int { filterCells.count }

    /// Whether the segment may have an event of a hash.
    package func mayContainEvent(_ hash: UInt64) -> Bool { filter.mayContain(hash) }

    /// Tells of event ids that they are not in the segment, as long as this object lives.
    var filter: BinaryFuseFilter.View { BinaryFuseFilter.View(pages.header.filter, filterCells) }

    package var summary: SidecarSummary { pages.header.summary }
    /// The file's length in bytes.
    package var fileLength: Int { pages.header.fileLength }

    /// The place of an aggregate type; nil where the segment does not name it.
    package func type(named name: String) -> Int? {
        types.firstIndex(where: { $0.name == name })
    }

    /// Appends the offsets of frames that may hold an event. O(1).
    ///
    /// Ask the ``filter`` first: of events that are not in the segment, it lets about one in 4,000 pass.
    @inline(__always)
    package func collectEvents(
        _ hash: UInt64, into offsets: inout [Int], _ access: SidecarAccess
    ) throws(SidecarFault) {
        for index in try pages.records(of: hash, in: .eventDirectory, access) {
            let event = SidecarEvent(rawValue: try pages.number(index, of: .events, access))
            // Many events of one id in one frame are a reason to look into it once.
            if event.mayBe(hash), offsets.last != event.offset { offsets.append(event.offset) }
        }
    }

    /// Appends the keys of all events that are wanted, in no order, and gives the memory back that looking at them has taken.
    /// May block.
    func collectEventKeys(
        into keys: inout [UInt64], where isWanted: (UInt64) -> Bool
    ) throws(SidecarFault) {
        defer { pages.unload() }
        let found = try pages.withSection(.events, .verifying) { section throws(SidecarFault) in
            try section.records(8) { SidecarEvent(rawValue: $0.number(at: 0)).key }
        }
        keys += found.lazy.filter(isWanted)
    }

    /// The stream of a type and id; nil where the segment has no commit of it. O(1).
    ///
    /// - Parameter hash: of the stream, by ``IndexHash``.
    package func stream(
        _ type: Int, _ id: UInt128, hash: UInt64, _ access: SidecarAccess
    ) throws(SidecarFault) -> SidecarStream? {
        for index in try pages.records(of: hash, in: .streamDirectory, access) {
            let stream = try stream(at: index, access)
            guard stream.id == id, stream.type == type else { continue }
            return stream
        }
        return nil
    }

    /// How many streams have commits in the segment.
    package var streamCount: Int { pages.count(of: .streams, SidecarStream.bytes) - 1 }

    /// One of the segment's streams, in no order that matters.
    package func stream(at index: Int, _ access: SidecarAccess) throws(SidecarFault) -> SidecarStream {
        guard index < streamCount else { throw .damaged }
        let stream = try pages.record(index, of: .streams, SidecarStream.bytes, access) {
            SidecarStream(decoding: $0, at: index)
        }
        guard stream.firstVersion >= 1, stream.eventCount >= 1 else { throw .damaged }
        return stream
    }

    /// Appends the commits of a stream that have some of a range of versions. O(log commits + found).
    ///
    /// - Parameter limit: at most so many.
    package func collectCommits(
        of stream: SidecarStream, versions: ClosedRange<Int>, limit: Int = .max, into commits: inout [CommitPlace],
        _ access: SidecarAccess
    ) throws(SidecarFault) {
        let end = try pages.record(stream.index + 1, of: .streams, SidecarStream.bytes, access) {
            SidecarStream(decoding: $0, at: stream.index + 1)
        }.firstCommit
        guard versions.upperBound >= stream.firstVersion, versions.lowerBound <= stream.lastVersion else { return }
        // The commits before `low` end before the range.
        var (low, high) = (stream.firstCommit, end)
        while low < high {
            let middle = low + (high - low) / 2
            if try stream.firstVersion + eventsSoFar(middle, access) <= versions.lowerBound {
                low = middle + 1
            } else {
                high = middle
            }
        }
        var before = low > stream.firstCommit ? try eventsSoFar(low - 1, access) : 0
        for index in low..<max(low, min(end, low + min(limit, end))) {
            let commit = SidecarCommit(rawValue: try pages.number(index, of: .commits, access))
            guard commit.eventsSoFar > before, commit.eventsSoFar <= stream.eventCount, commit.offset > 0 else {
                throw .damaged
            }
            guard stream.firstVersion + before <= versions.upperBound else { return }
            commits.append(
                CommitPlace(
                    firstVersion: stream.firstVersion + before, offset: commit.offset,
                    eventCount: commit.eventsSoFar - before))
            before = commit.eventsSoFar
        }
    }

    private func eventsSoFar(_ index: Int, _ access: SidecarAccess) throws(SidecarFault) -> Int {
        SidecarCommit(rawValue: try pages.number(index, of: .commits, access)).eventsSoFar
    }
}

extension Sidecar {
    /// The last mark of which a condition holds, where it holds for none behind the first of which it does not; nil
    /// where it holds for none. O(log bytes of the segment).
    package func lastMark(
        _ access: SidecarAccess, where isBefore: (WalkMark) -> Bool
    ) throws(SidecarFault) -> (mark: WalkMark, index: Int)? {
        var (low, high) = (0, pages.count(of: .marks, WalkMark.bytes))
        while low < high {
            let middle = low + (high - low) / 2
            if isBefore(try mark(middle, access)) { low = middle + 1 } else { high = middle }
        }
        return low > 0 ? (try mark(low - 1, access), low - 1) : nil
    }

    /// A mark by its place; nil behind the last.
    package func mark(ifAny index: Int, _ access: SidecarAccess) throws(SidecarFault) -> WalkMark? {
        index < pages.count(of: .marks, WalkMark.bytes) ? try mark(index, access) : nil
    }

    private func mark(_ index: Int, _ access: SidecarAccess) throws(SidecarFault) -> WalkMark {
        let length = summary.contentLength
        return try pages.record(index, of: .marks, WalkMark.bytes, access) { record in
            WalkMark(decoding: record).flatMap { $0.offset < length ? $0 : nil }
        }
    }
}
