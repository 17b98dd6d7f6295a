import EventSourcing
import Foundation
import Strata
import Testing

/// Damage is told from a torn tail, named, and contained.
@Suite struct DamageTests {
    /// A store of several sealed segments and an active one, closed; the streams with their numbers of events.
    private func makeStore(_ directory: TemporaryDirectory) async throws -> [StreamID: Int] {
        var counts: [StreamID: Int] = [:]
        let streams = (0..<20).map { _ in sampleStream() }
        let options = StrataOptions(segmentBytes: 64 << 10)
        try await StrataStore.with(directory, options) { store in
            for round in 1...20 {
                for stream in streams {
                    _ = try await store.events.append(
                        [sampleEvent(String(repeating: "y", count: 600))], to: stream, expecting: .exactly(round - 1))
                }
            }
        }
        for stream in streams { counts[stream] = 20 }
        return counts
    }

    @Test func anAcknowledgedCommitThatIsDamagedIsNeverCutOff() async throws {
        let directory = TemporaryDirectory()
        let files = StoreFiles(directory)
        try await StrataStore.with(directory) { store in
            for _ in 1...3 { _ = try await store.events.append([sampleEvent()], to: sampleStream(), expecting: .any) }
        }
        let segment = try #require(try files.segments().last)
        let before = try files.contents()
        // Each byte from the first commit on: with the mark that closing left behind it, none may pass as a torn tail.
        for offset in stride(from: 64, to: try files.read(segment).count - 88, by: 5) {
            try files.flipBit(at: offset, of: segment)
            await #expect(throws: StrataError.self, "offset \(offset)") {
                try await StrataStore.with(directory) { _ in }
            }
            try files.flipBit(at: offset, of: segment)
        }
        #expect(try files.contents().filter { $0.key != "LOCK" } == before.filter { $0.key != "LOCK" })
        #expect(try await StrataStore.with(directory) { try await $0.allEvents().count } == 3)
    }

    @Test func anIdleWriterLeavesAMarkBehindTheLastCommit() async throws {
        let directory = TemporaryDirectory()
        let store = try await StrataStore.open(
            at: directory.path, options: StrataOptions(preallocatedBytes: 0, idleMarkDelay: .milliseconds(1)))
        _ = try await store.events.append([sampleEvent()], to: sampleStream(), expecting: .any)
        let path = directory.file(try #require(try StoreFiles(directory).segments().last))
        var kinds: [String] = []
        while kinds.last != "mark" {
            kinds = try await StrataStore.inspectSegment(at: path).frames.map(\.kind)
            await Task.yield()
        }
        #expect(kinds == ["open", "commit", "mark"])
        try await store.close()
    }

    @Test func damageInASealedSegmentIsNamedAndOpeningRefused() async throws {
        let directory = TemporaryDirectory()
        let files = StoreFiles(directory)
        let streams = try await makeStore(directory)
        let segment = try #require(try files.segments().first)
        try files.flipBit(at: 20_100, of: segment)

        let report = try await StrataStore.verify(at: directory.path)
        #expect(report.damage.count == 1)
        let damage = try #require(report.damage.first)
        #expect(damage.file == segment)
        #expect((damage.offset..<damage.offset + damage.length).contains(20_100))
        #expect(streams[try #require(damage.stream)] == 20)
        #expect(try #require(damage.versions).count == 1)

        let error = await #expect(throws: StrataError.self) { try await StrataStore.open(at: directory.path) }
        #expect(error?.code == .damaged)
        #expect(error?.damage == report.damage)
    }

    @Test func aReadOnlyOpeningServesWhatIsSound() async throws {
        let directory = TemporaryDirectory()
        let files = StoreFiles(directory)
        let streams = try await makeStore(directory)
        try files.flipBit(at: 20_100, of: try #require(try files.segments().first))

        let store = try await StrataStore.open(at: directory.path, options: StrataOptions(access: .readOnly))
        var sound = 0
        var damaged = 0
        for (stream, count) in streams {
            do {
                let events = try await store.events.readStream(stream).collect()
                #expect(events.map(\.version) == Array(1...count))
                sound += 1
            } catch {
                #expect(error.code == .damaged)
                damaged += 1
            }
        }
        #expect(damaged == 1)
        #expect(sound == 19)
        try await store.close()
    }

    @Test(arguments: [0, 1])
    func aMissingSegmentIsDamage(ordinal: Int) async throws {
        let directory = TemporaryDirectory()
        let files = StoreFiles(directory)
        _ = try await makeStore(directory)
        let segments = try files.segments()
        try files.remove(segments[ordinal])
        let report = try await StrataStore.verify(at: directory.path)
        #expect(report.damage.first?.file == segments[ordinal])
    }

    @Test func theWholeNewestSegmentMissingIsDamage() async throws {
        let directory = TemporaryDirectory()
        let files = StoreFiles(directory)
        _ = try await makeStore(directory)
        try files.remove(try #require(try files.segments().last))
        let error = await #expect(throws: StrataError.self) { try await StrataStore.open(at: directory.path) }
        #expect(error?.code == .damaged)
    }

    @Test func exchangedSegmentsAreDamage() async throws {
        let directory = TemporaryDirectory()
        let files = StoreFiles(directory)
        _ = try await makeStore(directory)
        let segments = try files.segments()
        let (first, second) = (try files.read(segments[0]), try files.read(segments[1]))
        try files.write(second, to: segments[0])
        try files.write(first, to: segments[1])
        let report = try await StrataStore.verify(at: directory.path)
        #expect(Set(report.damage.map(\.file)).isSuperset(of: [segments[0], segments[1]]))
    }

    @Test func anOlderManifestIsDamage() async throws {
        let directory = TemporaryDirectory()
        let files = StoreFiles(directory)
        try await StrataStore.with(directory) { _ in }
        let old = try files.read("MANIFEST")
        _ = try await makeStore(directory)
        try files.write(old, to: "MANIFEST")
        let error = await #expect(throws: StrataError.self) { try await StrataStore.open(at: directory.path) }
        #expect(error?.code == .damaged)
    }

    @Test func everyFlippedBitOfTheManifestIsFound() async throws {
        let directory = TemporaryDirectory()
        let files = StoreFiles(directory)
        _ = try await makeStore(directory)
        let manifest = try files.read("MANIFEST")
        for offset in manifest.indices {
            try files.flipBit(at: offset, of: "MANIFEST")
            await #expect(throws: StrataError.self, "offset \(offset)") {
                try await StrataStore.verify(at: directory.path)
            }
            try files.write(manifest, to: "MANIFEST")
        }
        #expect(try await StrataStore.verify(at: directory.path).isSound)
    }
}
