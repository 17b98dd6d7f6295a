import EventSourcing
import StrataTesting
import Testing

@testable import Strata

/// A store and its segments end where a place in them could not be told any more.
@Suite struct ManySegmentsTests {
    private let options = StrataOptions(segmentBytes: 64 << 10, idleMarkDelay: nil)
    private let stream = sampleStream()

    private func entry(_ number: Int) -> LogEntry {
        let event = sampleEvent(String(repeating: "m", count: 40_000))
        return .commit(
            PositionedCommit(
                commit: EncodedCommit([event], of: stream), firstVersion: number, firstPosition: number,
                storedAt: .distantPast))
    }

    private func withManifestAtTheLimit(_ opened: OpenedLog) -> Manifest {
        var manifest = opened.manifest
        let sealed = Manifest.SealedSegment(
            firstPosition: 1, lastPosition: 1, bytes: 400, eventCount: 1, commitCount: 1, digest: 0)
        manifest.sealed = Array(repeating: sealed, count: Format.mostSegments - 1)
        return manifest
    }

    private func log(_ opened: OpenedLog, _ manifest: Manifest, _ segment: ActiveSegment) -> SegmentLog {
        SegmentLog(
            OpenedLog(
                device: opened.device, index: opened.index, sidecars: opened.sidecars, manifest: manifest,
                keepsLeftovers: false, owesManifest: false, directory: opened.directory,
                segment: segment, lock: opened.lock, epoch: opened.epoch), options: options)
    }

    @Test func noRolloverMakesMoreSegmentsThanThereCanBe() async throws {
        let opened = try WriterOpening(on: SimulatedDevice(), options: options).run()
        let log = log(opened, withManifestAtTheLimit(opened), opened.segment)
        let outcome = await log.store([entry(1), entry(2)])
        #expect(outcome.stored == 1)
        guard case .undone(let error) = outcome.failure else { throw Missing() }
        #expect(error.code == .storageFull)
        await log.abandon()
    }

    @Test func noOpeningMakesMoreSegmentsThanThereCanBe() throws {
        let device = SimulatedDevice()
        let opening = WriterOpening(on: device, options: options)
        let opened = try opening.run()
        let full = (manifest: withManifestAtTheLimit(opened), segment: opened.segment)
        let error = #expect(throws: StrataError.self) {
            try opening.completeRollover(full, opened.index, opened.directory)
        }
        #expect(error?.code == .storageFull)
    }

    @Test func releasesAloneMakeNoSegmentThatIsTooLong() async throws {
        let directory = TemporaryDirectory()
        let device = try FileSystemDevice.open(storeAt: directory.path, createIfMissing: true)
        let opened = try WriterOpening(on: device, options: options).run()
        var segment = opened.segment
        // Nothing is written up to there.
        segment.end = Format.longestSegment - Format.longestBody - 2 * Format.frameHeaderBytes
        segment.syncedEnd = segment.end
        let log = log(opened, opened.manifest, segment)
        let status = StreamStatus(version: 0, firstVersion: 1, isTombstoned: true)
        let release = StampedRelease(release: EncodedRelease(Release(status), of: stream), storedAt: .distantPast)
        let outcome = await log.store([.release(release)])
        guard case .undone(let error) = outcome.failure else { throw Missing() }
        #expect(error.code == .storageFull)
        await log.abandon()
    }

    private struct Missing: Error {}
}
