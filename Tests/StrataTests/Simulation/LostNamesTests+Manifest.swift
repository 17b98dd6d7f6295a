import EventSourcing
import Glibc
import StrataTesting
import Testing

@testable import Strata

/// The manifest may be in the page cache alone.
extension LostNamesTests {
    /// An earlier process failed to make the manifest durable, and now there is no room to write it anew.
    @Test func nothingIsAppendedToASegmentThatOnlyTheCacheHasListed() async throws {
        let failing = try await open(device)
        try await append(failing)
        device.fail(.failedSync(.keptInCache), at: .syncDirectory, ".")
        // It would stand in the next segment.
        await #expect(throws: EventStoreError.self) { try await append(failing) }
        let next = device.afterProcessDeath()
        next.clearFaults()
        next.fail(.error(ENOSPC), at: .create, "MANIFEST.new")
        let store = try await open(next)
        for _ in 1...2 {
            let error = await #expect(throws: EventStoreError.self) { try await append(store, bytes: 10) }
            #expect(error?.code == .storageFull)
        }
        #expect(try await store.allEvents().count == 1)
        next.beforeCalls(nil)
        next.clearFaults()
        #expect(try await append(store, bytes: 10) == 2)
        // It is written, and there is no room for another one.
        next.fail(.error(ENOSPC), at: .create, "MANIFEST.new")
        #expect(try await append(store, bytes: 10) == 3)
        let power = SimulatedDevice(next.storage.afterTotalLoss)
        #expect(try StrataStore.verify(on: power).isSound)
        #expect(try await open(power).events.version(of: other) == 3)
    }

    /// On a full disk, what fits into the log's own room is stored behind an orderly end, and by whoever has made the store.
    @Test func whatNobodyCanDoubtIsNotOwed() async throws {
        device.fail(.error(ENOSPC), at: .create, "MANIFEST.new", count: 2)
        var store = try await open(device)
        try await append(store, bytes: 10)
        try await store.close()
        for version in 2...3 {
            store = try await open(device)
            #expect(try await append(store, bytes: 10) == version)
            // The first of them is closed in order, the second one is not.
            if version == 2 { try await store.close() }
        }
        let next = device.afterProcessDeath()
        next.clearFaults()
        next.fail(.error(ENOSPC), at: .create, "MANIFEST.new")
        let error = await #expect(throws: EventStoreError.self) { try await append(try await open(next), bytes: 10) }
        #expect(error?.code == .storageFull)
    }

    /// One that owes the manifest, or has failed, does not say that it was closed in order.
    @Test func noOrderIsClaimedBehindAFailure() async throws {
        let failing = try await open(device)
        try await append(failing)
        device.fail(.failedSync(.keptInCache), at: .syncDirectory, ".")
        await #expect(throws: EventStoreError.self) { try await append(failing) }
        try await failing.close()
        let next = device.afterProcessDeath()
        next.clearFaults()
        next.fail(.error(ENOSPC), at: .create, "MANIFEST.new")
        for _ in 1...2 {
            let store = try await open(next)
            let error = await #expect(throws: EventStoreError.self) { try await append(store, bytes: 10) }
            #expect(error?.code == .storageFull)
            try await store.close()
        }
    }

    /// A manifest that was made again, and whose name only the cache has.
    @Test func aRebuiltManifestIsDurableOnceARecoverySaysThatNothingIsToBeDone() async throws {
        let store = try await open(device)
        for _ in 1...2 { try await append(store) }
        try await store.close()
        try device.remove("MANIFEST")
        try device.syncDirectory(".")
        let sync = try await device.number(of: .syncDirectory, ".") {
            _ = try StrataStore.recover(on: $0, dryRun: false)
        }
        device.inject([lostSync(device.calls + sync)])
        #expect(throws: StrataError.self) { _ = try StrataStore.recover(on: device, dryRun: false) }
        let next = device.afterProcessDeath()
        next.clearFaults()
        #expect(try StrataStore.recover(on: next, dryRun: false).steps.isEmpty)
        #expect(try StrataStore.verify(on: SimulatedDevice(next.storage.afterTotalLoss)).isSound)
    }
}
