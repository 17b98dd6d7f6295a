import EventSourcing
import Glibc
import Testing

@testable import Strata

/// What a forger writes into a sidecar's sections, under right checksums, leads to a refusal and nowhere else.
@Suite struct SidecarCraftedTests {
    private let sample: IndexSample
    private let sound: [UInt8]
    private let header: SidecarHeader

    init() throws {
        sample = IndexSample(seed: 1, commits: 300, streams: 40)
        sound = sample.encoded
        header = try #require(SidecarHeader(decoding: sound))
    }

    /// The sidecar with a number at an offset of a section.
    private func crafted(
        _ section: SidecarSection, at offset: Int, _ number: some FixedWidthInteger & BitwiseCopyable
    ) -> [UInt8] {
        sound.with(number, at: header.range(of: section).lowerBound + offset).resealedPages(sample.binding)
    }

    /// The sidecar with a section that is said to have another length, without any other section moving.
    private func crafted(_ section: SidecarSection, length: Int) -> [UInt8] {
        sound.with(UInt64(length), at: 160 + section.rawValue * 16 + 8).resealedPages(sample.binding)
    }

    private func sidecar(_ bytes: [UInt8]) throws(SidecarFault) -> Sidecar {
        try Sidecar(bytes, for: sample.binding)
    }

    private func expectRefusal(_ bytes: [UInt8], _ comment: Comment? = nil) {
        #expect(throws: SidecarFault.damaged, comment) { try sidecar(bytes) }
    }

    /// Expects that the sidecar of some bytes does not give a stream of a place.
    private func expectRefusal(ofStream index: Int, _ bytes: [UInt8]) throws {
        let forged = try sidecar(bytes)
        #expect(throws: SidecarFault.damaged) { try find(index, in: forged) }
    }

    /// Expects that the sidecar of some bytes gives a stream, and not its commits.
    private func expectRefusal(ofCommitsOf index: Int, _ bytes: [UInt8]) throws {
        let forged = try sidecar(bytes)
        let found = try #require(try find(index, in: forged))
        #expect(throws: SidecarFault.damaged) {
            var commits: [CommitPlace] = []
            try forged.collectCommits(of: found, versions: 1...Int.max - 1, into: &commits, .verifying)
        }
    }

    /// The stream of a place, looked up by its name.
    private func find(_ index: Int, in sidecar: Sidecar) throws(SidecarFault) -> SidecarStream? {
        let stream = try self.sidecar(sound).stream(at: index, .verifying)
        let hash = IndexHash.stream(sample.index.types[stream.type].tag, stream.id)
        return try sidecar.stream(stream.type, stream.id, hash: hash, .verifying)
    }

    @Test func aSoundOneIsTaken() throws {
        #expect(try sidecar(sound.resealedPages(sample.binding)).streamCount > 0)
    }

    @Test func aTypeThatEndsBehindItsSectionIsRefused() {
        expectRefusal(crafted(.types, at: 0, UInt8(255)))
    }

    @Test func aTypeThatBreaksTheRulesIsRefused() throws {
        var index = GrowingIndex()
        _ = Array("Gone".utf8).withSpan { index.addType($0, tag: FrameHeader.tag(of: "Gone")) }
        let bytes = SidecarEncoding(index).encoded(for: sample.binding)
        let header = try #require(SidecarHeader(decoding: bytes))
        let place = header.range(of: .types).lowerBound + 1
        #expect(
            try sidecar(bytes.with(UInt8(ascii: "L"), at: place).resealedPages(sample.binding)).types[0].name == "Lone")
        expectRefusal(bytes.with(UInt8(ascii: "/"), at: place).resealedPages(sample.binding))
    }

    @Test func aReleaseOfATypeThatIsNotThereIsRefused() throws {
        try expectRefusalOfRelease(at: 24, UInt32(1) << 2)
    }

    @Test(arguments: [0, UInt64(Format.numberLimit) + 1, .max])
    func aReleaseOfAnImpossibleVersionIsRefused(version: UInt64) throws {
        try expectRefusalOfRelease(at: 16, version)
    }

    private func expectRefusalOfRelease(at offset: Int, _ number: some FixedWidthInteger & BitwiseCopyable) throws {
        var index = GrowingIndex()
        let type = Array("Gone".utf8).withSpan { index.addType($0, tag: FrameHeader.tag(of: "Gone")) }
        index.add(
            IndexedRelease(type: type, id: 9, firstLiveVersion: 4, isTruncated: true, isTombstoned: false, offset: 64),
            .distantPast)
        let bytes = SidecarEncoding(index).encoded(for: sample.binding)
        #expect(try sidecar(bytes).releases.count == 1)
        let header = try #require(SidecarHeader(decoding: bytes))
        let place = header.range(of: .releases).lowerBound + offset
        expectRefusal(bytes.with(number, at: place).resealedPages(sample.binding))
    }

    @Test func aFilterOfAnotherShapeThanItsCellsIsRefused() {
        let windows = sound.span.bytes.number(at: 156, as: UInt32.self)
        expectRefusal(sound.with(windows + 1, at: 156).resealedPages(sample.binding))
    }

    @Test func aSectionThatEndsWithinARecordIsRefused() {
        let marks = header.range(of: .marks).count
        expectRefusal(crafted(.marks, length: marks - 4))
    }

    @Test func aDirectoryHasAPlaceAndAnEnd() {
        var index = GrowingIndex()
        _ = Array("Gone".utf8).withSpan { index.addType($0, tag: FrameHeader.tag(of: "Gone")) }
        let bytes = SidecarEncoding(index).encoded(for: sample.binding)
        for section in [SidecarSection.streamDirectory, .eventDirectory] {
            let place = 160 + section.rawValue * 16 + 8
            let length = bytes.span.bytes.number(at: place, as: UInt64.self)
            #expect(length == 8)
            expectRefusal(bytes.with(UInt64(4), at: place).resealedPages(sample.binding), "\(section)")
        }
    }

    @Test(arguments: [(16, UInt64(0)), (16, UInt64(Format.numberLimit)), (16, .max)])
    func aStreamThatBeginsWithAnImpossibleVersionIsRefused(offset: Int, version: UInt64) throws {
        try expectRefusal(ofStream: 0, crafted(.streams, at: offset, version))
    }

    @Test func aStreamWithoutEventsIsRefused() throws {
        try expectRefusal(ofStream: 0, crafted(.streams, at: 32, UInt32(0)))
    }

    @Test func theEndOfTheStreamsIsNoStream() throws {
        let count = try sidecar(sound).streamCount
        let start = header.range(of: .streams).lowerBound
        // Not even where it looks like one.
        var forged = sound
        forged.replaceSubrange(
            start + count * SidecarStream.bytes..<start + (count + 1) * SidecarStream.bytes,
            with: sound[start..<start + SidecarStream.bytes])
        for bytes in [sound, forged.resealedPages(sample.binding)] {
            let sidecar = try sidecar(bytes)
            #expect(throws: SidecarFault.damaged) { try sidecar.stream(at: count, .verifying) }
        }
    }

    @Test func commitsThatAreImpossibleAreRefused() throws {
        let stream = try sidecar(sound).stream(at: 3, .verifying)
        let end = try sidecar(sound).stream(at: 4, .verifying).firstCommit
        try #require(end > stream.firstCommit + 1)
        let (first, last) = (stream.firstCommit * 8, (end - 1) * 8)
        try expectRefusal(
            ofCommitsOf: 3, crafted(.commits, at: first, SidecarCommit(offset: 64, eventsSoFar: 0).rawValue))
        try expectRefusal(
            ofCommitsOf: 3, crafted(.commits, at: first, SidecarCommit(offset: 0, eventsSoFar: 1).rawValue))
        let excess = SidecarCommit(offset: 64, eventsSoFar: stream.eventCount + 1)
        try expectRefusal(ofCommitsOf: 3, crafted(.commits, at: last, excess.rawValue))
    }

    @Test func aDirectoryThatLeadsAnywhereIsRefused() throws {
        let stream = try sidecar(sound).stream(at: 0, .verifying)
        let hash = IndexHash.stream(sample.index.types[stream.type].tag, stream.id)
        let streamPlaces = header.range(of: .streamDirectory).count / 4 - 1
        let place = IndexHash.place(hash, of: streamPlaces) * 4
        // Backward, and behind the last stream.
        let count = UInt32(try sidecar(sound).streamCount)
        let (backward, behind) = (
            crafted(.streamDirectory, at: place, count), crafted(.streamDirectory, at: place + 4, UInt32.max)
        )
        for bytes in [backward, behind] {
            let forged = try sidecar(bytes)
            #expect(throws: SidecarFault.damaged) {
                // Of an aggregate that is not there, so that all places are looked at.
                try forged.stream(stream.type, stream.id ^ 1, hash: hash, .verifying)
            }
        }
        let event = IndexHash.event(sample.commits[0].ids[0])
        let eventPlaces = header.range(of: .eventDirectory).count / 4 - 1
        let eventPlace = IndexHash.place(event, of: eventPlaces) * 4
        let forged = try sidecar(crafted(.eventDirectory, at: eventPlace + 4, UInt32.max))
        #expect(throws: SidecarFault.damaged) {
            var offsets: [Int] = []
            try forged.collectEvents(event, into: &offsets, .verifying)
        }
    }

    @Test func aMarkBehindTheSegmentIsRefused() throws {
        let last = header.range(of: .marks).count - WalkMark.bytes
        let forged = try sidecar(crafted(.marks, at: last + 20, UInt32.max))
        #expect(throws: SidecarFault.damaged) { try forged.lastMark(.verifying) { _ in true } }
        #expect(throws: SidecarFault.damaged) { try forged.mark(ifAny: last / WalkMark.bytes, .verifying) }
    }

    /// What the manifest says of the sample's segment.
    private var entry: Manifest.SealedSegment {
        Manifest.SealedSegment(
            firstPosition: 1, lastPosition: UInt64(sample.index.summary.lastPosition),
            bytes: UInt64(sample.binding.identity.length), eventCount: UInt64(sample.index.summary.eventCount),
            commitCount: UInt64(sample.index.summary.commitCount), digest: sample.binding.digest)
    }

    /// Pages of zeros, as a sparse file has them, with checksums that are right.
    private func sparse(_ section: SidecarSection, length: Int, filter: BinaryFuseFilter.Shape? = nil) -> [UInt8] {
        var parts = SidecarSection.allCases.map { Array(sound[header.range(of: $0)]) }
        parts[section.rawValue] += [UInt8](repeating: 0, count: length - parts[section.rawValue].count)
        let forged = SidecarHeader(
            binding: sample.binding, summary: header.summary, filter: filter ?? header.filter,
            lengths: parts.map(\.count))
        var sections: [UInt8] = []
        for part in parts {
            sections += part
            sections.padToAlignment()
        }
        return forged.encoded(before: sections) + sections
    }

    private func take(_ bytes: [UInt8]) throws(SidecarFault) -> Sidecar {
        try Sidecar(FileMapping(copying: bytes), for: sample.binding, of: entry)
    }

    @Test func aFilterOfMoreEventsThanTheManifestListsIsNotLoaded() throws {
        _ = try take(sound)
        var shape = header.filter
        shape.windows += 1
        let forged = sparse(.filter, length: shape.bytes, filter: shape)
        #expect(try sidecar(forged).filterBytes == shape.bytes)
        #expect(throws: SidecarFault.damaged) { try take(forged) }
    }

    @Test(arguments: SidecarSection.allCases)
    func aSectionIsNoLongerThanTheManifestCallsFor(section: SidecarSection) throws {
        let (commits, events) = (Int(entry.commitCount), Int(entry.eventCount))
        let content = Int(entry.contentLength)
        let longest =
            switch section {
            case .types: content
            case .releases: content / 88 * 32
            case .streamDirectory: (commits + 2) * 4
            case .streams: (commits + 1) * 40
            case .commits: commits * 8
            case .eventDirectory: (events + 2) * 4
            case .events: events * 8
            case .filter: header.filter.bytes
            case .marks: (header.summary.contentLength / (64 << 10) + 1) * 24
            }
        let (most, more) = try (
            #require(SidecarHeader(decoding: sparse(section, length: longest))),
            #require(SidecarHeader(decoding: sparse(section, length: longest + 1)))
        )
        #expect(most.fits(entry))
        #expect(!more.fits(entry))
    }

    /// More than 8 GiB of memory that nobody has written to takes none.
    @Test func aSidecarOfAnyLengthIsNot() throws {
        let length = 1 << 33 + 4_096
        let address = mmap(nil, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        let memory = try #require(address)
        try #require(memory != MAP_FAILED)
        let mapping = try FileMapping(mapped: memory, count: length)
        let pages = length / Format.sidecarPageBytes
        let start = Format.sidecarHeaderBytes + Format.aligned(pages * 4)
        // Sections that a directory needs, and one that takes the rest.
        var lengths = Array(repeating: 0, count: SidecarSection.allCases.count)
        lengths[SidecarSection.streamDirectory.rawValue] = 8
        lengths[SidecarSection.streams.rawValue] = SidecarStream.bytes
        lengths[SidecarSection.eventDirectory.rawValue] = 8
        lengths[SidecarSection.events.rawValue] = length - start - lengths.reduce(0, +)
        var bytes = Array(sound[..<160]).with(UInt64(length), at: 48).with(UInt64(0), at: 144).with(UInt64(0), at: 152)
        var next = start
        for length in lengths {
            bytes += [UInt8](repeating: 0, count: 16).with(UInt64(next), at: 0).with(UInt64(length), at: 8)
            next += length
        }
        bytes += [UInt8](repeating: 0, count: start - bytes.count)
        let checksum = Checksum.crc32c(bytes[16...], continuing: Checksum.crc32c(bytes[..<12]))
        bytes.store(checksum, at: 12)
        bytes.withUnsafeBytes { memory.copyMemory(from: $0.baseAddress.unsafelyUnwrapped, byteCount: $0.count) }
        #expect(mapping.withBytes { SidecarHeader(decoding: $0)?.fileLength } == length)
        #expect(throws: SidecarFault.damaged) { try SidecarPages(mapping) }
    }
}
