import EventSourcing
import Foundation
import StrataTesting
import Testing

@testable import Strata

/// What a backup takes over is what the store's manifest says, byte for byte, and nothing of another life of the store.
@Suite struct BackupVerificationTests {
    private let target = SimulatedDevice(seed: 2)
    private let options = StrataOptions(segmentBytes: 64 << 10, idleMarkDelay: nil)
    private let stream = sampleStream()
    private static let first = "events/00000000000000000001.seg"

    /// A device with a closed store that was appended to, in long commits of which a segment holds one, or in others.
    private func device(
        _ storage: SimulatedStorage = SimulatedStorage(), appending count: Int, of bytes: Int = 40_000, seed: UInt64 = 1
    ) async throws -> SimulatedDevice {
        let device = SimulatedDevice(storage, seed: seed)
        let store = try await StrataStore.open(on: device, options: options)
        for _ in 0..<count {
            let event = sampleEvent(String(repeating: "x", count: bytes))
            _ = try await store.events.append([event], to: stream, expecting: .any)
        }
        try await store.close()
        return device
    }

    private func backUp(_ source: any Device) throws { _ = try StrataStore.backup(of: source, to: target) }

    private func expect(_ code: StrataError.Code, of source: any Device) {
        let error = #expect(throws: StrataError.self) { try backUp(source) }
        #expect(error?.code == code)
    }

    private func expectSoundBackup() throws {
        let report = try StrataStore.verify(on: target)
        #expect(report.isSound && report.tornTail == nil, "\(report)")
    }

    @Test func aSegmentThatTheManifestDoesNotListIsDamage() throws {
        func sealed(_ text: String) -> CraftedSegment {
            var segment = CraftedSegment()
            segment.append(EncodedCommit([sampleEvent(text)], of: stream), epoch: 1, position: 1)
            segment.appendFooter(epoch: 1, lastPosition: 1, events: 1, commits: 1)
            return segment
        }
        var storage = try CraftedSegment.device([sealed("one"), CraftedSegment(number: 2)]).storage
        try backUp(SimulatedDevice(storage))
        storage[file: Self.first] = sealed("two").bytes
        let fresh = SimulatedDevice(seed: 3)
        let error = #expect(throws: StrataError.self) {
            _ = try StrataStore.backup(of: SimulatedDevice(storage), to: fresh)
        }
        #expect(error?.code == .damaged)
        #expect(fresh.storage.contents["MANIFEST"] == nil)
    }

    @Test func whatAnUnfinishedBackupHasBroughtIsLookedAt() async throws {
        let source = try await device(appending: 3)
        try backUp(source)
        // Without a manifest nothing tells that the files were brought whole.
        try target.remove("MANIFEST")
        let file = try StoreFile(Self.first, .readWrite, on: target)
        try file.truncate(to: 20_000)
        try backUp(source)
        try expectSoundBackup()
    }

    @Test func theEndOfTheLogIsReadBack() async throws {
        let source = try await device(appending: 1)
        let rehearsal = SimulatedDevice(seed: 2)
        rehearsal.keepCalls()
        _ = try StrataStore.backup(of: source, to: rehearsal)
        let write = try #require(rehearsal.log.first { $0.operation == .write && $0.name.hasPrefix("events/") })
        target.inject([DeviceFault(atCall: write.number, .lostWrite)])
        expect(.damaged, of: source)
        #expect(target.struck.map(\.name) == [write.name])
    }

    @Test func aCopyThatWentAnotherWayIsNotTaken() async throws {
        let common = try await device(appending: 1).storage
        try backUp(try await device(common, appending: 1))
        expect(.cannotCreate, of: try await device(common, appending: 3, seed: 9))
        try expectSoundBackup()
    }

    @Test func aCopyThatWentAnotherWayAndIsCompactedMeanwhileIsNotDamaged() async throws {
        let common = try await device(appending: 1).storage
        try backUp(try await device(common, appending: 1, of: 10))
        let other = try await device(common, appending: 1, of: 10, seed: 9)
        let compacted = InterferingDevice(other, before: Self.first, passing: 1) { base, name in
            try? base.remove(name)
        }
        expect(.cannotCreate, of: compacted)
        #expect(try other.kind(of: Self.first) == nil)
    }

    /// Its first segment ends elsewhere, so that it has none with the number of the backup's last one.
    @Test func aCopyWithAnotherSealedSegmentIsNotTaken() async throws {
        let common = try await device(appending: 1).storage
        try backUp(try await device(common, appending: 1))
        let other = SimulatedDevice(common, seed: 9)
        let store = try await StrataStore.open(on: other, options: options)
        for length in [1_000, 40_000, 40_000] {
            let event = sampleEvent(String(repeating: "y", count: length))
            _ = try await store.events.append([event], to: stream, expecting: .any)
        }
        try await store.close()
        let before = target.storage.contents
        expect(.cannotCreate, of: other)
        #expect(target.storage.contents["MANIFEST"] == before["MANIFEST"])
        try expectSoundBackup()
    }

    @Test func anOlderCopyIsNotTaken() async throws {
        let older = try await device(appending: 2).storage
        try backUp(try await device(older, appending: 2))
        let before = target.storage.contents
        expect(.cannotCreate, of: SimulatedDevice(older))
        #expect(target.storage.contents == before)
    }

    @Test(arguments: [0, 8])
    func aFileOfSnapshotsThatDiffersIsBroughtAgain(excess: Int) async throws {
        var storage = try await device(appending: 1).storage
        // A whole number of the pieces that are compared.
        var randomness = SeededRandomness(seed: 1)
        let snapshots = randomness.bytes(1 << 20)
        let names = [1, 2].map { StoreLayout.snapshotSegment($0) }
        for name in names { storage[file: name] = snapshots }
        try backUp(SimulatedDevice(storage))
        let file = try StoreFile(names[0], .readWrite, on: target)
        // One byte of it is another one, or there are more.
        let change = excess == 0 ? [snapshots[700_000] ^ 1] : [UInt8](repeating: 7, count: excess)
        try file.write(change.span.bytes, at: excess == 0 ? 700_000 : snapshots.count)
        try backUp(SimulatedDevice(storage))
        #expect(target.storage[file: names[0]] == snapshots)
    }

    /// All that the manifest says of the segment is right, and its footer is damaged.
    @Test func aSegmentWithADamagedFooterIsDamage() async throws {
        let source = try await device(appending: 3)
        let store = try await StrataStore.open(on: source, options: options)
        _ = try await store.compact().report()
        try await store.close()
        let name = try #require(source.storage.contents.keys.first { $0.contains("-") && $0.hasSuffix(".seg") })
        let file = try StoreFile(name, .readWrite, on: source)
        let last: [UInt8] = [0xFF]
        try file.write(last.span.bytes, at: file.length() - 1)
        expect(.damaged, of: source)
    }
}
