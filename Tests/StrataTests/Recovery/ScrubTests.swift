import EventSourcing
import Foundation
import Testing

@testable import Strata

/// A scrub finds damage in an open store, beside its writer.
@Suite struct ScrubTests {
    private let directory = TemporaryDirectory()
    private var files: StoreFiles { StoreFiles(directory) }
    private let options = StrataOptions(segmentBytes: 64 << 10, preallocatedBytes: 0, idleMarkDelay: nil)

    private func fill(_ store: StrataStore, _ stream: StreamID = sampleStream(), commits: Int = 300) async throws {
        let payload = String(repeating: "s", count: 500)
        for _ in 0..<commits { _ = try await store.events.append([sampleEvent(payload)], to: stream, expecting: .any) }
    }

    private func save(_ store: StrataStore, _ stream: StreamID) async throws {
        try await store.snapshots.save(
            Snapshot(
                stream: stream, version: 1, schemaVersion: 1, createdAt: .distantPast, contentType: .json,
                state: Bytes("\"state\"")))
    }

    @Test func aSoundStoreIsReadToItsEnd() async throws {
        try await StrataStore.with(directory, options) { store in
            let stream = sampleStream()
            try await fill(store, stream)
            try await save(store, stream)
            let report = try await store.scrub().report()
            #expect(report.isSound)
            #expect((report.commits, report.events, report.snapshots) == (300, 300, 1))
            #expect(report.segments == (try files.segments().count))
            let bytes = try files.contents().filter { $0.key.hasSuffix(".seg") }.reduce(0) { $0 + $1.value.count }
            #expect(report.bytes == bytes)
        }
    }

    @Test func nothingIsWrongBesideAWriterThatRollsOver() async throws {
        try await StrataStore.with(directory, options) { store in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<3 { group.addTask { try await fill(store, commits: 200) } }
                group.addTask {
                    for _ in 0..<20 {
                        let report = try await store.scrub().report()
                        #expect(report.isSound, "\(report.damage)")
                    }
                }
                try await group.waitForAll()
            }
            #expect(try files.segments().count > 4)
        }
    }

    @Test func damageInASealedSegmentIsNamedWithItsStream() async throws {
        try await StrataStore.with(directory, options) { store in
            let stream = sampleStream()
            try await fill(store, stream)
            let segment = try #require(try files.segments().first)
            let frames = try await StrataStore.inspectSegment(at: directory.file(segment)).frames
            let frame = try #require(frames.filter { $0.kind == "commit" }.dropFirst(3).first)
            try files.flipBit(at: frame.offset + frame.length - 20, of: segment)

            let scrub = store.scrub()
            var last: Scrub.Progress?
            for await progress in scrub { last = progress }
            let report = try await scrub.report()
            #expect(!report.isSound)
            let damage = try #require(report.damage.first)
            #expect(report.damage.count == 1)
            #expect((damage.file, damage.offset, damage.length) == (segment, frame.offset, frame.length))
            #expect((damage.stream, damage.versions, damage.positions) == (stream, frame.versions, frame.positions))
            #expect(last?.damage == report.damage)
            #expect(last?.job == JobProgress(bytesDone: report.bytes, bytesTotal: report.bytes))
            // The writer is not held up by it.
            try await fill(store, commits: 1)
        }
    }

    @Test func aSealedSegmentThatIsAnotherOneIsFound() async throws {
        try await StrataStore.with(directory, options) { store in
            try await fill(store)
            let segment = try #require(try files.segments().first)
            try files.truncate(segment, to: 64)
            let report = try await store.scrub().report()
            #expect(Set(report.damage.map(\.file)) == [segment])
        }
    }

    @Test func theLastCommitIsNotTakenForATornTail() async throws {
        let store = try await StrataStore.open(at: directory.path, options: options)
        try await fill(store, commits: 3)
        let segment = try #require(try files.segments().first)
        let length = try files.read(segment).count
        try files.flipBit(at: length - 20, of: segment)
        let report = try await store.scrub().report()
        #expect(report.damage.map(\.file) == [segment])
        try files.flipBit(at: length - 20, of: segment)
        try await store.close()
    }

    @Test func aDamagedSnapshotIsFound() async throws {
        try await StrataStore.with(directory, options) { store in
            let (first, second) = (sampleStream(), sampleStream())
            for stream in [first, second] {
                try await fill(store, stream, commits: 1)
                try await save(store, stream)
            }
            // A deletion is durable, and what is written behind it says so of everything before.
            try await store.snapshots.delete(for: second)
            try await save(store, second)
            let segment = "snapshots/\(try #require(try files.names("snapshots").first))"
            try files.flipBit(at: 64 + 88 + 8, of: segment)
            let report = try await store.scrub().report()
            #expect(report.damage.isEmpty)
            #expect(report.damagedSnapshots.map(\.file) == [segment])
        }
    }

    @Test func itEndsWhenItIsCancelled() async throws {
        try await StrataStore.with(directory, options) { store in
            try await fill(store)
            // A byte a second would take days.
            let scrub = store.scrub(bandwidth: 1)
            scrub.cancel()
            let error = await #expect(throws: StrataError.self) { try await scrub.report() }
            #expect(error?.code == .cancelled)

            let waiting = Task { try await store.scrub(bandwidth: 1).report() }
            waiting.cancel()
            await #expect(throws: StrataError.self) { try await waiting.value }
        }
    }

    @Test func itEndsWhenTheStoreIsClosed() async throws {
        let store = try await StrataStore.open(at: directory.path, options: options)
        try await fill(store, commits: 10)
        let scrub = store.scrub(bandwidth: 1)
        try await store.close()
        let error = await #expect(throws: StrataError.self) { try await scrub.report() }
        #expect(error?.code == .cancelled)
    }

    @Test func aCancelledVerificationIsAnError() async throws {
        let path = directory.path
        try await StrataStore.with(directory, options) { try await fill($0, commits: 10) }
        let verifying = Task { try await StrataStore.verify(at: path, bandwidth: 1) }
        verifying.cancel()
        let error = await #expect(throws: StrataError.self) { try await verifying.value }
        #expect(error?.code == .cancelled)
    }
}
