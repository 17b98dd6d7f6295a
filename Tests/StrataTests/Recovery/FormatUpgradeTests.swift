import EventSourcing
import Foundation
import Testing

@testable import Strata

/// A store of format version 1 is read as it is, and a writer gives it the newest version first.
@Suite struct FormatUpgradeTests {
    private let directory = TemporaryDirectory()
    private var files: StoreFiles { StoreFiles(directory) }

    /// Makes a store with sealed segments, as version 1 had it.
    private func makeStore() async throws -> [RecordedEvent] {
        var options = StrataOptions()
        options.segmentBytes = 64 << 10
        let events = try await StrataStore.with(directory, options) { store in
            for _ in 0..<10 {
                let event = sampleEvent(String(repeating: "x", count: 20_000))
                _ = try await store.events.append([event], to: sampleStream(), expecting: .any)
            }
            return try await store.allEvents()
        }
        let manifest = try files.read("MANIFEST")
        let entries = stride(from: 64, to: manifest.count, by: 64).flatMap { start in
            manifest[start..<start + 44] + [0, 0, 0, 0]
        }
        try files.write((manifest[..<64] + entries).with(UInt16(1), at: 8).resealed, to: "MANIFEST")
        return events
    }

    private func manifest() throws -> Manifest {
        try Manifest(decoding: files.read("MANIFEST"))
    }

    @Test func readingChangesNothing() async throws {
        let events = try await makeStore()
        let before = try files.contents()
        let report = try await StrataStore.verify(at: directory.path)
        #expect(report.isSound && report.segments > 2, "\(report)")
        let store = try await StrataStore.open(at: directory.path, options: StrataOptions(access: .readOnly))
        #expect(try await store.allEvents() == events)
        #expect(try await store.statistics().formatVersion == 1)
        try await store.close()
        #expect(try files.contents() == before)
    }

    @Test func openingForWritingBringsTheManifestToTheNewestVersion() async throws {
        let events = try await makeStore()
        let before = try manifest()
        #expect(before.formatVersion == 1)
        try await StrataStore.with(directory) { store in
            let stored = try await store.allEvents()
            #expect(stored == events)
        }
        let after = try manifest()
        #expect(after.formatVersion == Format.version)
        #expect(after.generation == before.generation + 1)
        #expect(after.sealed == before.sealed && after.active == before.active)
    }

    @Test func whatCompactionLeavesGoesAtTheNextOpening() async throws {
        let events = try await makeStore()
        let leftover = SegmentIdentity(number: 1, generation: 1).name
        try files.write([1, 2, 3], to: leftover)
        let plan = try await StrataStore.recover(at: directory.path, dryRun: true)
        #expect(
            plan.steps == [
                .upgradeFormat(from: 1, to: Int(Format.version)), .removeLeftover(file: leftover),
            ])
        try await StrataStore.with(directory) { store in
            let stored = try await store.allEvents()
            #expect(stored == events)
        }
        #expect(try !files.contents().keys.contains(leftover))
    }
}
