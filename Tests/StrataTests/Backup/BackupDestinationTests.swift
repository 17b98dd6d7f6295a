import EventSourcing
import Foundation
import Glibc
import StrataTesting
import Testing

@testable import Strata

/// A backup and a store that are mistaken for each other, or that two processes work on, do no harm.
@Suite struct BackupDestinationTests {
    private let source = SimulatedDevice(seed: 1)
    private let target = SimulatedDevice(seed: 2)
    private let stream = sampleStream("Order")
    private let options = StrataOptions(segmentBytes: 4 << 10, idleMarkDelay: nil)

    private func append(_ count: Int, on device: SimulatedDevice) async throws {
        let store = try await StrataStore.open(on: device, options: options)
        for _ in 0..<count {
            let event = sampleEvent(String(repeating: "x", count: 300))
            _ = try await store.events.append([event], to: stream, expecting: .any)
        }
        try await store.close()
    }

    /// The events of a sound store or backup.
    private func events(of device: SimulatedDevice) async throws -> [RecordedEvent] {
        #expect(try StrataStore.verify(on: device).isSound)
        let store = try await StrataStore.open(on: device, options: StrataOptions(access: .readOnly))
        return try await store.allEvents()
    }

    private func code(of body: () throws -> BackupReport) -> StrataError.Code? {
        #expect(throws: StrataError.self) { _ = try body() }?.code
    }

    @Test func aBackupWithoutRoomForAManifestBecomesNoStore() async throws {
        try await append(1, on: source)
        _ = try StrataStore.backup(of: source, to: target)
        let call = try await target.number(of: .create, "MANIFEST.new") { try await append(1, on: $0) }
        let full = SimulatedDevice(target.storage)
        full.inject([DeviceFault(atCall: call, .error(ENOSPC))])
        let error = await #expect(throws: StrataError.self) { try await append(1, on: full) }
        #expect(error?.code == .storageFull)
    }

    @Test func aBackupThatBecomesAStoreMeanwhileIsNotTouched() async throws {
        try await append(1, on: source)
        _ = try StrataStore.backup(of: source, to: target)
        try await append(1, on: source)
        let options = options
        let destination = InterferingDevice(target, before: "LOCK") { device, _ in
            _ = try? WriterOpening(on: device, options: options).run()
        }
        #expect(code { try StrataStore.backup(of: source, to: destination) } == .cannotCreate)
        #expect(try await events(of: target).count == 1)
    }

    @Test func aStoreThatIsMadeMeanwhileIsNoBackup() async throws {
        try await append(1, on: source)
        let options = options
        let destination = InterferingDevice(target, before: "") { device, _ in
            _ = try? WriterOpening(on: device, options: options).run()
        }
        #expect(code { try StrataStore.backup(of: source, to: destination) } == .cannotCreate)
        #expect(target.storage.contents["BACKUP"] == nil)
    }
}
