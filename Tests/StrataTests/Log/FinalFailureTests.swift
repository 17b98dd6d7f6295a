import EventSourcing
import Foundation
import Glibc
import StrataTesting
import Testing

@testable import Strata

/// After a failure that leaves open what is on the device, nothing is written any more.
@Suite struct FinalFailureTests {
    private let device = SimulatedDevice()
    private let stream = StreamID("Order", UUID())
    private let options = StrataOptions(segmentBytes: 64 << 10, preallocatedBytes: 0, idleMarkDelay: nil)

    private func open(_ durability: StrataOptions.DurabilityMode = .commit) async throws -> StrataStore {
        var options = options
        options.durability = durability
        return try await StrataStore.open(on: device, options: options)
    }

    @discardableResult
    private func append(_ store: StrataStore, bytes: Int = 10, id: UUID = UUID()) async throws -> AppendResult {
        try await store.events.append(
            [sampleEvent(String(repeating: "x", count: bytes), id: id)], to: stream, expecting: .any)
    }

    @Test func aSyncThatFailedIsFinal() async throws {
        let store = try await open()
        try await append(store)
        device.inject([DeviceFault(atCall: device.calls, .failedSync(.reverted))])
        let failed = await #expect(throws: EventStoreError.self) { try await append(store) }
        #expect(failed?.code == .outcomeUnknown)
        let later = try await device.changes {
            await #expect(throws: EventStoreError.self) { try await append(store) }
            try await store.close()
        }
        #expect(later == [])
    }

    @Test func aWriteThatFailedIsFinal() async throws {
        let store = try await open()
        try await append(store)
        device.inject([DeviceFault(atCall: device.calls, .error(EIO))])
        let failed = await #expect(throws: EventStoreError.self) { try await append(store) }
        #expect(failed?.code == .outcomeUnknown)
        let later = try await device.changes {
            await #expect(throws: EventStoreError.self) { try await append(store) }
            try await store.close()
        }
        #expect(later == [])
    }

    /// What was acknowledged before is not durable, and no later sync would say so.
    @Test func aSyncThatFailedWhileAWriteWasUndoneIsFinal() async throws {
        let store = try await open(.none)
        let position = try await append(store).lastPosition
        device.inject([DeviceFault(atCall: device.calls, .failedSync(.keptInCache))])
        device.setRoom(40)
        await #expect(throws: EventStoreError.self) { try await append(store, bytes: 400) }
        device.setRoom(nil)
        await #expect(throws: EventStoreError.self) { try await store.events.waitUntilDurable(position) }
        await #expect(throws: EventStoreError.self) { try await append(store) }
        try await store.close()
    }

    @Test func aSyncThatFailedWhileSomebodyWaitedIsFinal() async throws {
        let store = try await open(.none)
        let result = try await append(store)
        device.inject([DeviceFault(atCall: device.calls, .failedSync(.reverted))])
        let position = result.lastPosition
        await #expect(throws: EventStoreError.self) { try await store.events.waitUntilDurable(position) }
        let later = try await device.changes {
            await #expect(throws: EventStoreError.self) { try await store.events.waitUntilDurable(position) }
            // There is nothing that closing could still do, and so nothing that could fail.
            try await store.close()
        }
        #expect(later == [])
    }

    /// It is on the device, and may be there when the store is opened again.
    @Test func whatIsAppendedAgainBehindAnUnknownOutcomeIsUnknownToo() async throws {
        let store = try await open()
        try await append(store)
        device.inject([DeviceFault(atCall: device.calls, .failedSync(.keptInCache))])
        let id = UUID()
        // In whatever order they come: one is on its way, and the other waits for it or comes behind it.
        let codes = await withTaskGroup { group in
            for _ in 1...2 {
                group.addTask {
                    do { try await append(store, id: id) } catch { return (error as? EventStoreError)?.code }
                    return nil
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(codes == [.outcomeUnknown, .outcomeUnknown])
        for (id, code) in [(id, EventStoreError.Code.outcomeUnknown), (UUID(), .ioFailure)] {
            let error = await #expect(throws: EventStoreError.self) { try await append(store, id: id) }
            #expect(error?.code == code)
        }
        let next = try await StrataStore.open(on: device.afterProcessDeath(), options: options)
        #expect(try await next.events.containsEvent(withID: id))
    }

    @Test func whatIsReleasedAgainBehindAnUnknownOutcomeIsUnknownToo() async throws {
        let store = try await open()
        for _ in 1...2 { try await append(store) }
        let other = StreamID("Order", UUID())
        _ = try await store.events.append([sampleEvent()], to: other, expecting: .any)
        device.inject([DeviceFault(atCall: device.calls, .failedSync(.keptInCache))])
        let expected = [(stream, EventStoreError.Code.outcomeUnknown), (stream, .outcomeUnknown), (other, .ioFailure)]
        for (stream, code) in expected {
            let error = await #expect(throws: EventStoreError.self) {
                _ = try await store.events.delete(stream, mode: .soft, expecting: .any)
            }
            #expect(error?.code == code)
        }
    }

    @Test(arguments: [false, true])
    func whatIsImportedAgainBehindAnUnknownOutcomeIsUnknownToo(isRelease: Bool) async throws {
        let store = try await open()
        try await append(store)
        let (other, third) = (sampleStream(), sampleStream())
        func change(of stream: StreamID) -> ImportedChange {
            isRelease
                ? .release(StreamStatus(version: 5, firstVersion: 6), of: stream)
                : .commit(ImportedCommit([sampleEvent()], to: stream, firstVersion: 1, storedAt: .distantFuture))
        }
        let again = change(of: other)
        device.inject([DeviceFault(atCall: device.calls, .failedSync(.keptInCache))])
        let expected = [
            (again, EventStoreError.Code.outcomeUnknown), (again, .outcomeUnknown), (change(of: third), .ioFailure),
        ]
        for (change, code) in expected {
            let error = await #expect(throws: EventStoreError.self) { try await store.events.importChanges([change]) }
            #expect(error?.code == code)
        }
    }

    /// What was acknowledged as written may be gone, and nobody else is there to be told.
    @Test(arguments: [false, true]) func aSyncInTheBackgroundThatFailedIsToldWhenTheStoreIsClosed(
        isTold: Bool
    ) async throws {
        let warnings = WarningCollector()
        var options = options
        options.durability = .interval(.milliseconds(1))
        options.logger = warnings.logger
        let store = try await StrataStore.open(on: device, options: options)
        device.inject([DeviceFault(atCall: device.calls, .failedSync(.reverted))])
        try await append(store)
        while device.struck.isEmpty { try await Task.sleep(for: .milliseconds(1)) }
        while warnings.count == 0 { try await Task.sleep(for: .milliseconds(1)) }
        if isTold {
            var error: EventStoreError?
            while error == nil {
                do { try await append(store) } catch let thrown as EventStoreError { error = thrown }
            }
            try await store.close()
        } else {
            for _ in 1...2 {
                let error = await #expect(throws: StrataError.self) { try await store.close() }
                #expect(error?.code == .ioFailure)
            }
        }
    }

    @Test func closingAgainHasTheSameOutcome() async throws {
        let store = try await open(.none)
        try await append(store)
        device.inject([DeviceFault(atCall: device.calls, .failedSync(.reverted))])
        for _ in 1...2 { await #expect(throws: StrataError.self) { try await store.close() } }
    }

    @Test func aRolloverWhoseManifestMayNotBeThereIsFinal() async throws {
        // Which of the calls of an append that rolls over makes the manifest durable.
        let rehearsal = SimulatedDevice()
        rehearsal.keepCalls()
        func fill(_ device: SimulatedDevice) async throws -> StrataStore {
            let store = try await StrataStore.open(on: device, options: options)
            try await append(store, bytes: 40_000)
            return store
        }
        let rehearsed = try await fill(rehearsal)
        let before = rehearsal.calls
        try await append(rehearsed, bytes: 40_000)
        let sync = try #require(rehearsal.log.last { $0.operation == .syncDirectory && $0.name == "." }).number - before
        try await rehearsed.close()

        let store = try await fill(device)
        device.inject([DeviceFault(atCall: device.calls + sync, .failedSync(.keptInCache))])
        let failed = await #expect(throws: EventStoreError.self) { try await append(store, bytes: 40_000) }
        #expect(failed?.code == .outcomeUnknown)
        #expect(device.struck.map(\.operation) == [.syncDirectory])
        let later = try await device.changes {
            await #expect(throws: EventStoreError.self) { try await append(store) }
            try await store.close()
        }
        #expect(later == [])
    }
}
