import EventSourcing
import Foundation
import Testing

@testable import Strata

/// Truncations and tombstones in the log: what the contract cannot see.
@Suite struct ReleaseTests {
    private let directory = TemporaryDirectory()
    private let order = sampleStream("Order")
    private let cart = sampleStream("Cart")

    private func fill(_ store: StrataStore) async throws -> [NewEvent] {
        let events = (1...5).map { sampleEvent("\($0)") }
        for event in events { _ = try await store.events.append([event], to: order, expecting: .any) }
        _ = try await store.events.append([sampleEvent()], to: cart, expecting: .noStream)
        return events
    }

    @Test func releasesSurviveReopening() async throws {
        try await StrataStore.with(directory) { store in
            _ = try await fill(store)
            let result = try await store.events.truncate(order, before: 4, expecting: .exactly(5))
            #expect(result.durability == .synced)
            try await store.events.delete(cart, mode: .tombstone, expecting: .streamExists)
        }
        for access in [StrataOptions.Access.readOnly, .readWrite] {
            try await StrataStore.with(directory, StrataOptions(access: access)) { store in
                let versions = try await store.allEvents().map(\.version)
                #expect(versions == [4, 5])
                let status = try await store.events.status(of: order)
                #expect(status == StreamStatus(version: 5, firstVersion: 4, isTruncated: true))
                #expect(
                    try await store.events.status(of: cart)
                        == StreamStatus(version: 1, firstVersion: 2, isTombstoned: true))
            }
        }
        #expect(try await StrataStore.verify(at: directory.path).isSound)
    }

    @Test func aReaderBesideTheWriterSeesReleasesThatALaterFrameShowsToBeDurable() async throws {
        let store = try await StrataStore.open(at: directory.path, options: StrataOptions(idleMarkDelay: nil))
        _ = try await fill(store)
        try await store.events.truncate(order, before: 4, expecting: .any)
        _ = try await store.events.append([sampleEvent()], to: cart, expecting: .any)
        try await StrataStore.with(directory, StrataOptions(access: .readOnly)) { reader in
            let found = try await reader.events.readStream(order).collect().map(\.version)
            #expect(found == [4, 5])
        }
        try await store.close()
    }

    @Test func aReleaseThatChangesNothingIsNotStored() async throws {
        try await StrataStore.with(directory) { store in
            _ = try await fill(store)
            try await store.events.truncate(order, before: 4, expecting: .any)
        }
        let before = try StoreFiles(directory).contents()
        try await StrataStore.with(directory) { store in
            try await store.events.truncate(order, before: 3, expecting: .any)
            try await store.events.delete(sampleStream(), mode: .soft, expecting: .any)
        }
        let after = try StoreFiles(directory).contents()
        let segment = try StoreFiles(directory).segments()[0]
        #expect(after[segment] == before[segment])
    }

    @Test func releasesAreInspected() async throws {
        try await StrataStore.with(directory) { store in
            _ = try await fill(store)
            try await store.events.truncate(order, before: 4, expecting: .any)
            try await store.events.truncate(order, before: 6, expecting: .any)
            try await store.events.delete(cart, mode: .tombstone, expecting: .any)
        }
        let path = "\(directory.path)/\(try StoreFiles(directory).segments()[0])"
        let frames = try await StrataStore.inspectSegment(at: path).frames.filter { $0.stream != nil }.suffix(3)
        #expect(frames.map(\.kind) == ["truncation", "truncation", "tombstone"])
        #expect(frames.map(\.stream) == [order, order, cart])
        #expect(
            frames.map(\.note) == [
                "events before version 4 are released",
                "events before version 6 are released, which are all; the stream may begin again",
                "the stream ends for good at version 1",
            ])
    }

    @Test func manyReleasesAndAppendsAtOnceAreDecidedInOneOrder() async throws {
        try await StrataStore.with(directory) { store in
            _ = try await fill(store)
            await withTaskGroup { group in
                for number in 1...40 {
                    group.addTask {
                        if number.isMultiple(of: 4) {
                            _ = try? await store.events.truncate(order, before: number / 4 + 4, expecting: .any)
                        } else {
                            _ = try? await store.events.append([sampleEvent("\(number)")], to: order, expecting: .any)
                        }
                    }
                }
            }
            let status = try await store.events.status(of: order)
            #expect(status.version == 35)
            let versions = try await store.events.readStream(order).collect().map(\.version)
            #expect(versions == Array(status.firstVersion...35))
        }
        try await StrataStore.with(directory) { store in
            let found = try await store.events.status(of: order).version
            #expect(found == 35)
        }
    }

    @Test func aReleaseRollsOverLikeACommit() async throws {
        let device = try FileSystemDevice.open(storeAt: directory.path, createIfMissing: true)
        let store = try await StrataStore.open(on: device, options: StrataOptions(segmentBytes: 2 << 10))
        _ = try await fill(store)
        for number in 0..<12 {
            _ = try await store.events.append([sampleEvent()], to: order, expecting: .any)
            try await store.events.truncate(order, before: number + 2, expecting: .any)
        }
        try await store.close()
        #expect(try StoreFiles(directory).segments().count > 2)
        #expect(try await StrataStore.verify(at: directory.path).isSound)
        try await StrataStore.with(directory) { store in
            let found = try await store.events.status(of: order).firstVersion
            #expect(found == 13)
        }
    }

    @Test func aSalvageBringsReleasesOver() async throws {
        try await StrataStore.with(directory) { store in
            _ = try await fill(store)
            try await store.events.truncate(order, before: 4, expecting: .any)
            try await store.events.delete(cart, mode: .tombstone, expecting: .any)
        }
        let target = TemporaryDirectory()
        let report = try await StrataStore.salvage(from: directory.path, into: target.path)
        #expect(report.isComplete)
        #expect(report.releases == 2)
        let original = try await StrataStore.with(directory) { store in try await store.allEvents() }
        try await StrataStore.with(target) { store in
            let events = try await store.allEvents()
            #expect(events == original)
            #expect(try await store.events.status(of: cart).isTombstoned)
        }
    }

    @Test func whatDamageHasTakenOfReleasedEventsIsNoLoss() async throws {
        try await StrataStore.with(directory) { store in
            _ = try await fill(store)
            try await store.events.truncate(order, before: 4, expecting: .any)
        }
        // The payload of the second event.
        let segment = try StoreFiles(directory).segments()[0]
        let frames = try await StrataStore.inspectSegment(at: "\(directory.path)/\(segment)").frames
        let second = try #require(frames.first { $0.versions == 2...2 })
        try StoreFiles(directory).flipBit(at: second.offset + second.length - 9, of: segment)
        let target = TemporaryDirectory()
        let report = try await StrataStore.salvage(from: directory.path, into: target.path)
        #expect(report.losses.isEmpty)
        try await StrataStore.with(target) { store in
            let versions = try await store.events.readStream(order).collect().map(\.version)
            #expect(versions == [4, 5])
            #expect(try await store.events.status(of: order).version == 5)
        }
    }

    @Test func aDamagedReleaseRefusesWriters() async throws {
        try await StrataStore.with(directory) { store in
            _ = try await fill(store)
            try await store.events.truncate(order, before: 4, expecting: .any)
            _ = try await store.events.append([sampleEvent()], to: cart, expecting: .any)
        }
        let segment = try StoreFiles(directory).segments()[0]
        let frames = try await StrataStore.inspectSegment(at: "\(directory.path)/\(segment)").frames
        let release = try #require(frames.first { $0.kind == "truncation" })
        try StoreFiles(directory).flipBit(at: release.offset + 89, of: segment)
        let error = try await #require(throws: StrataError.self) { try await StrataStore.open(at: directory.path) }
        #expect(error.code == .damaged)
        // Its header tells what was released.
        try await StrataStore.with(directory, StrataOptions(access: .readOnly)) { store in
            let found = try await store.events.readStream(order).collect().map(\.version)
            #expect(found == [4, 5])
        }
    }
}
