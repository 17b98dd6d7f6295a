/// Lays the index of a whole segment out as a sidecar.
package struct SidecarEncoding {
    /// Streams and events of one place of a directory, on average.
    private static let streamsPerPlace = 4
    private static let eventsPerPlace = 16

    private let index: GrowingIndex
    private var streamDirectory: [UInt32] = []
    private var streams: [UInt8] = []
    private var commits: [UInt64] = []
    private var eventDirectory: [UInt32] = []
    private var events: [UInt64] = []
    private let filter: BinaryFuseFilter

    /// - Precondition: the segment is sound: the versions of each stream have no gap.
    package init(_ index: GrowingIndex) {
        self.index = index
        let places = index.events
        let sorted = HashOrder(places.hashes, perPlace: Self.eventsPerPlace)
        eventDirectory = sorted.directory
        filter = BinaryFuseFilter(of: sorted.order.map { places.hashes[Int($0)] })
        events = sorted.order.map { SidecarEvent(places.hashes[Int($0)], unit: places.units[Int($0)]).rawValue }
        encodeStreams()
    }

    private mutating func encodeStreams() {
        let hashes = index.streams.map { IndexHash.stream(index.types[Int($0.type)].tag, $0.id) }
        let sorted = HashOrder(hashes, perPlace: Self.streamsPerPlace)
        streamDirectory = sorted.directory
        streams.reserveCapacity((hashes.count + 1) * SidecarStream.bytes)
        commits.reserveCapacity(index.summary.commitCount)
        for place in sorted.order {
            let stream = index.streams[Int(place)]
            let firstCommit = commits.count
            var count = add(stream.first, behind: 0)
            for commit in stream.others { count = add(commit, behind: count) }
            streams.append(
                SidecarStream(
                    index: 0, id: stream.id, firstVersion: stream.firstVersion, type: Int(stream.type),
                    firstCommit: firstCommit,
                    eventCount: count, bytes: stream.bytes))
        }
        streams.append(
            SidecarStream(
                index: 0, id: 0, firstVersion: 0, type: 0, firstCommit: commits.count, eventCount: 0, bytes: 0))
    }

    private mutating func add(_ commit: CommitPlace, behind count: Int) -> Int {
        commits.append(SidecarCommit(offset: commit.offset, eventsSoFar: count + commit.eventCount).rawValue)
        return count + commit.eventCount
    }

    /// The bytes of the sidecar. O(size of the segment's index).
    package func encoded(for binding: SidecarBinding) -> [UInt8] {
        let parts: [[UInt8]] = SidecarSection.allCases.map { section in
            var bytes: [UInt8] = []
            switch section {
            case .types: for type in index.types { bytes.append(type) }
            case .releases: for release in index.releases { bytes.append(release) }
            case .streamDirectory: bytes.append(numbers: streamDirectory)
            case .streams: bytes = streams
            case .commits: bytes.append(numbers: commits)
            case .eventDirectory: bytes.append(numbers: eventDirectory)
            case .events: bytes.append(numbers: events)
            case .filter: bytes = filter.cells
            case .marks: for mark in index.marks { bytes.append(mark) }
            }
            return bytes
        }
        let header = SidecarHeader(
            binding: binding, summary: index.summary, filter: filter.shape, lengths: parts.map(\.count))
        var sections: [UInt8] = []
        sections.reserveCapacity(header.fileLength - header.contentStart)
        for part in parts {
            sections.append(contentsOf: part)
            sections.padToAlignment()
        }
        var file = header.encoded(before: sections)
        file.append(contentsOf: sections)
        return file
    }
}

/// Things in ascending order of their hashes, with a directory of where each place begins.
private struct HashOrder {
    var order: [UInt32]
    /// For each place its first thing, and behind the last place the number of things.
    var directory: [UInt32]

    init(_ hashes: [UInt64], perPlace: Int) {
        let places = max(1, hashes.count / perPlace)
        directory = Array(repeating: 0, count: places + 1)
        for hash in hashes { directory[IndexHash.place(hash, of: places) + 1] += 1 }
        for place in 0..<places { directory[place + 1] += directory[place] }
        var next = directory
        order = Array(repeating: 0, count: hashes.count)
        for index in hashes.indices {
            let place = IndexHash.place(hashes[index], of: places)
            order[Int(next[place])] = UInt32(index)
            next[place] += 1
        }
        for place in 0..<places { sort(Int(directory[place])..<Int(directory[place + 1]), hashes) }
    }

    private mutating func sort(_ range: Range<Int>, _ hashes: [UInt64]) {
        guard range.count < 64 else { return order[range].sort { hashes[Int($0)] < hashes[Int($1)] } }
        for index in range.dropFirst() {
            let moved = order[index]
            var free = index
            while free > range.lowerBound, hashes[Int(order[free - 1])] > hashes[Int(moved)] {
                order[free] = order[free - 1]
                free -= 1
            }
            order[free] = moved
        }
    }
}
