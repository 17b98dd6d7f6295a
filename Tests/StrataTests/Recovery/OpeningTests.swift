import EventSourcing
import Foundation
import Strata
import Testing

/// What can stand at a path, and what opening it says.
@Suite struct OpeningTests {
    private func code(_ path: String, _ options: StrataOptions = StrataOptions()) async -> StrataError.Code? {
        do {
            try await StrataStore.open(at: path, options: options).close()
            return nil
        } catch {
            return error.code
        }
    }

    @Test func aStoreIsMadeWhereThereIsNone() async throws {
        let directory = TemporaryDirectory()
        #expect(await code(directory.path) == nil)
        #expect(try Set(StoreFiles(directory).contents().keys).isSuperset(of: ["LOCK", "MANIFEST", "events"]))
    }

    @Test func aStoreIsNotMadeUnlessAllowed() async throws {
        let directory = TemporaryDirectory()
        #expect(await code(directory.path, StrataOptions(createIfMissing: false)) == .notFound)
        #expect(await code(directory.path, StrataOptions(access: .readOnly)) == .notFound)
        #expect(!FileManager.default.fileExists(atPath: directory.path))
    }

    @Test func filesAreTheOwnersAlone() async throws {
        let directory = TemporaryDirectory()
        try await StrataStore.with(directory) { store in
            _ = try await store.events.append([sampleEvent()], to: sampleStream(), expecting: .any)
        }
        for (name, _) in try StoreFiles(directory).contents() {
            let attributes = try FileManager.default.attributesOfItem(atPath: directory.file(name))
            let isDirectory = attributes[.type] as? FileAttributeType == .typeDirectory
            #expect(attributes[.posixPermissions] as? Int == (isDirectory ? 0o700 : 0o600), "\(name)")
        }
    }

    @Test func aDirectoryWithOtherThingsIsNoStore() async throws {
        let directory = TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: directory.path, withIntermediateDirectories: true)
        try StoreFiles(directory).write([1], to: "letter.txt")
        #expect(await code(directory.path) == .notAStore)
        #expect(await code(directory.path, StrataOptions(access: .readOnly)) == .notAStore)
        #expect(try StoreFiles(directory).contents().keys.sorted() == ["letter.txt"])
    }

    @Test func aStoreThatAnotherProcessMakesMeanwhileIsOne() async throws {
        let (other, directory) = (TemporaryDirectory(), TemporaryDirectory())
        try await StrataStore.with(other) { store in
            _ = try await store.events.append([sampleEvent()], to: sampleStream(), expecting: .any)
        }
        let files = FileManager.default
        try files.createDirectory(atPath: directory.file("events"), withIntermediateDirectories: true)
        let segment = try #require(StoreFiles(other).segments().first)
        try StoreFiles(directory).write([], to: segment)
        let (finished, path) = (other.path, directory.path)
        let device = InterferingDevice(try FileSystemDevice(path: path), before: segment) { _, _ in
            for name in (try? FileManager.default.contentsOfDirectory(atPath: finished)) ?? [] {
                try? FileManager.default.removeItem(atPath: "\(path)/\(name)")
                try? FileManager.default.copyItem(atPath: "\(finished)/\(name)", toPath: "\(path)/\(name)")
            }
        }
        let store = try await StrataStore.open(on: device, options: StrataOptions())
        #expect(try await store.events.currentPosition() == 1)
        try await store.close()
    }

    @Test func aFileIsNoStore() async throws {
        let directory = TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: directory.path, withIntermediateDirectories: true)
        try StoreFiles(directory).write([1], to: "file")
        #expect(await code(directory.file("file")) == .notAStore)
    }

    @Test func aMissingParentCannotHoldAStore() async throws {
        #expect(await code("/no-such-place-\(UUID().uuidString)/s.strata") == .cannotCreate)
    }

    @Test func aNewerFormatIsRefusedUntouched() async throws {
        let directory = TemporaryDirectory()
        let files = StoreFiles(directory)
        try await StrataStore.with(directory) { _ in }
        try files.write(files.read("MANIFEST").with(UInt16(3), at: 8).resealed, to: "MANIFEST")
        let before = try files.contents()
        #expect(await code(directory.path) == .unsupportedFormat)
        #expect(await code(directory.path, StrataOptions(access: .readOnly)) == .unsupportedFormat)
        #expect(try files.contents() == before)
    }

    @Test func anUnfinishedCreationIsBegunAgain() async throws {
        let directory = TemporaryDirectory()
        let files = StoreFiles(directory)
        try await StrataStore.with(directory) { _ in }
        try files.remove("MANIFEST")
        try files.write([1, 2, 3], to: "MANIFEST.new")
        #expect(await code(directory.path) == nil)
        #expect(try await StrataStore.verify(at: directory.path).isSound)
    }

    @Test func eventsWithoutAManifestAreNeverOverwritten() async throws {
        let directory = TemporaryDirectory()
        let files = StoreFiles(directory)
        try await StrataStore.with(directory) { store in
            _ = try await store.events.append([sampleEvent()], to: sampleStream(), expecting: .any)
        }
        try files.remove("MANIFEST")
        let before = try files.contents()
        #expect(await code(directory.path) == .notAStore)
        #expect(try files.contents() == before)
    }

    @Test func aSecondWriterLearnsWhoHoldsTheLock() async throws {
        let directory = TemporaryDirectory()
        let first = try await StrataStore.open(at: directory.path)
        let error = await #expect(throws: StrataError.self) { try await StrataStore.open(at: directory.path) }
        #expect(error?.code == .locked)
        #expect(error?.lockHolder == ProcessInfo.processInfo.processIdentifier)
        try await first.close()
        #expect(await code(directory.path) == nil)
    }

    @Test func aDroppedStoreGivesTheLockBack() async throws {
        let directory = TemporaryDirectory()
        let stream = sampleStream()
        do {
            let store = try await StrataStore.open(at: directory.path, options: StrataOptions(idleMarkDelay: nil))
            _ = try await store.events.append([sampleEvent()], to: stream, expecting: .noStream)
        }
        while await code(directory.path) == .locked { await Task.yield() }
        #expect(try await StrataStore.with(directory) { try await $0.events.version(of: stream) } == 1)
    }

    @Test func closingTwiceIsFineAndUsingAClosedStoreIsAnError() async throws {
        let directory = TemporaryDirectory()
        let store = try await StrataStore.open(at: directory.path)
        try await store.close()
        try await store.close()
        let appending = await #expect(throws: EventStoreError.self) {
            try await store.events.append([sampleEvent()], to: sampleStream(), expecting: .any)
        }
        #expect(appending?.code == .closed)
        let reading = await #expect(throws: EventStoreError.self) { try await store.allEvents() }
        #expect(reading?.code == .closed)
        let saving = await #expect(throws: EventStoreError.self) {
            try await store.snapshots.latest(for: sampleStream())
        }
        #expect(saving?.code == .closed)
    }

    @Test func aSegmentThatIsALinkIsNotFollowed() async throws {
        let directory = TemporaryDirectory()
        let files = StoreFiles(directory)
        try await StrataStore.with(directory) { _ in }
        let segment = try #require(try files.segments().first)
        let elsewhere = TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: elsewhere.path, withIntermediateDirectories: true)
        try FileManager.default.moveItem(atPath: directory.file(segment), toPath: elsewhere.file("moved.seg"))
        try FileManager.default.createSymbolicLink(
            atPath: directory.file(segment), withDestinationPath: elsewhere.file("moved.seg"))
        #expect(await code(directory.path) != nil)
    }

    @Test(arguments: ["events", "snapshots", "quarantine"])
    func aDirectoryThatIsALinkIsNotFollowed(name: String) async throws {
        let directory = TemporaryDirectory()
        let elsewhere = TemporaryDirectory()
        try await StrataStore.with(directory) { _ in }
        try FileManager.default.createDirectory(atPath: elsewhere.path, withIntermediateDirectories: true)
        try FileManager.default.moveItem(atPath: directory.file(name), toPath: elsewhere.file(name))
        try FileManager.default.createSymbolicLink(
            atPath: directory.file(name), withDestinationPath: elsewhere.file(name))
        #expect(await code(directory.path) == .notAStore)
        #expect(await code(directory.path, StrataOptions(access: .readOnly)) == .notAStore)
    }

    @Test func closingSideBySideWaitsForTheLock() async throws {
        let directory = TemporaryDirectory()
        for _ in 0..<20 {
            let store = try await StrataStore.open(at: directory.path)
            _ = try await store.events.append([sampleEvent()], to: sampleStream(), expecting: .any)
            async let first: Void = store.close()
            try await store.close()
            // The lock is free for whoever has seen a close return.
            try await StrataStore.open(at: directory.path).close()
            try await first
        }
    }

    @Test(arguments: [0, 1_000, (2 << 30) + 1])
    func anImpossibleSegmentSizeIsRefused(bytes: Int) async throws {
        let directory = TemporaryDirectory()
        #expect(await code(directory.path, StrataOptions(segmentBytes: bytes)) == .invalidArgument)
    }
}
