import Strata
import StrataTesting

extension FuzzTarget {
    /// A sidecar behind a byte of ``SidecarMode``.
    ///
    /// It is asked for everything that it seems to hold: it answers with places within its segment, or refuses.
    package static let sidecar = FuzzTarget("sidecar", .synchronous { try checkSidecar($0) })

    private struct SidecarMode: OptionSet {
        let rawValue: UInt8
        /// Checksums of the pages and of the header, and what the header says of the file's length.
        static let repairsChecksums = SidecarMode(rawValue: 1)
    }

    private static func checkSidecar(_ bytes: [UInt8]) throws(Violation) {
        var input = FuzzInput(bytes)
        let mode = SidecarMode(rawValue: input.byte())
        var file = input.remainder()
        if mode.contains(.repairsChecksums) { ChecksumRepair.repairSidecar(&file) }
        guard let header = SidecarHeader(decoding: file.span.bytes) else { return }
        var other = header.binding
        other.digest &+= 1
        let mapping = FileMapping(copying: file)
        try require((try? Sidecar(mapping, for: other)) == nil, "a sidecar of another segment is believed")
        guard let sidecar = try? Sidecar(mapping, for: header.binding) else { return }
        for index in 0..<min(sidecar.streamCount, 100) {
            guard let stream = try? sidecar.stream(at: index, .verifying) else { continue }
            try check(stream, in: sidecar)
        }
        for hash in [0, 1, 1 << 63, UInt64.max] { try checkEvents(hash, in: sidecar) }
        let mark = try? sidecar.lastMark(.verifying) { $0.firstPosition < .max / 2 }
        try require(mark.map { $0.mark.offset < sidecar.summary.contentLength } ?? true, "a mark lies outside")
    }

    private static func check(_ stream: SidecarStream, in sidecar: Sidecar) throws(Violation) {
        var commits: [CommitPlace] = []
        guard
            (try? sidecar.collectCommits(
                of: stream, versions: 1...stream.firstVersion + 50, limit: 20, into: &commits, .verifying)) != nil
        else { return }
        var next = stream.firstVersion
        for commit in commits {
            try require(commit.firstVersion == next && commit.eventCount > 0, "a stream's commits have a gap")
            try require(commit.offset > 0, "a commit lies nowhere")
            next = commit.lastVersion + 1
        }
        guard sidecar.types.indices.contains(stream.type) else { return }
        let hash = IndexHash.stream(sidecar.types[stream.type].tag, stream.id)
        guard let found = try? sidecar.stream(stream.type, stream.id, hash: hash, .verifying) else { return }
        try require(found.id == stream.id && found.type == stream.type, "another stream is found")
    }

    private static func checkEvents(_ hash: UInt64, in sidecar: Sidecar) throws(Violation) {
        var offsets: [Int] = []
        guard (try? sidecar.collectEvents(hash, into: &offsets, .verifying)) != nil else { return }
        try require(offsets.allSatisfy { $0 >= 0 && $0 <= 4 << 30 }, "an event lies nowhere")
        _ = sidecar.mayContainEvent(hash)
    }
}
