import EventSourcing
import Glibc
import StrataTesting
import Testing

@testable import Strata

/// A salvage that does not come to its end leaves a directory that is no store, not one that lacks events and verifies.
@Suite struct SalvageCrashTests {
    private let seed: UInt64 = 3
    private let options = StrataOptions(segmentBytes: 8 << 10, idleMarkDelay: nil)

    /// Two streams over several segments, with a snapshot, the first of which lacks versions in the middle and at its end.
    private func damaged() async throws -> SimulatedStorage {
        let device = SimulatedDevice(seed: seed)
        let streams = [sampleStream("Order"), sampleStream("Cart")]
        let store = try await StrataStore.open(on: device, options: options)
        for number in 0..<39 {
            let event = sampleEvent(String(repeating: "x", count: 700 + number))
            _ = try await store.events.append([event], to: streams[number % 2], expecting: .any)
        }
        try await store.snapshots.save(
            Snapshot(stream: streams[1], version: 19, schemaVersion: 1, createdAt: .distantPast, state: Bytes("{}")))
        try await store.close()
        var storage = device.storage
        for name in storage.contents.keys where name.hasPrefix("events/") && name.hasSuffix(".seg") {
            for frame in try StrataStore.inspectSegment(name, on: device).frames {
                guard frame.positions?.contains(5) ?? false || frame.positions?.contains(39) ?? false else { continue }
                let bytes = try #require(storage[file: name])
                let offset = frame.offset + Format.frameHeaderBytes + 100
                storage[file: name] = bytes.with(bytes[offset] ^ 1, at: offset)
            }
        }
        return storage
    }

    private struct Saved: Equatable {
        var events: [RecordedEvent]
        var snapshots: Int
    }

    /// What a store shows that verifies; nil where the directory is none.
    private func content(of storage: SimulatedStorage) async throws -> Saved? {
        let device = SimulatedDevice(storage, seed: seed)
        do {
            #expect(try StrataStore.verify(on: device).isSound)
        } catch  where error.code == .notAStore {
            return nil
        }
        let store = try await StrataStore.open(on: device, options: StrataOptions(access: .readOnly))
        return Saved(events: try await store.allEvents(), snapshots: try await store.snapshots.list().count)
    }

    /// Whether a directory is refused, unchanged, by whoever would take it for a store.
    private func isRefused(_ storage: SimulatedStorage) async throws -> Bool {
        let device = SimulatedDevice(storage, seed: seed)
        func refuses(_ body: () async throws -> Void) async -> Bool {
            do { try await body() } catch { return (error as? StrataError)?.code == .notAStore }
            return false
        }
        let destination = SimulatedDevice(seed: seed)
        let refusals = [
            await refuses { _ = try await StrataStore.open(on: device, options: options) },
            await refuses { _ = try await StrataStore.open(on: device, options: StrataOptions(access: .readOnly)) },
            await refuses { _ = try StrataStore.recover(on: device, dryRun: true) },
            await refuses { _ = try StrataStore.backup(of: device, to: SimulatedDevice(seed: seed)) },
            await refuses { _ = try StrataStore.restore(device, to: SimulatedDevice(seed: seed)) },
            await refuses { _ = try await StrataStore.salvage(from: device, into: destination) },
        ]
        return refusals.allSatisfy { $0 } && device.storage.contents == storage.contents
            && destination.storage.contents.isEmpty
    }

    @Test func aCrashAtAnyPointLeavesNoStoreOrAWholeOne() async throws {
        let source = try await damaged()
        var randomness = SeededRandomness(seed: seed)
        let device = SimulatedDevice(seed: seed)
        device.keepImages()
        let report = try await StrataStore.salvage(
            from: SimulatedDevice(source, seed: seed), into: device, options: options)
        let saved = try #require(try await content(of: device.storage.afterTotalLoss))
        #expect(saved.events.count == 37 && report.events == 37 && saved.snapshots == 1)
        var unfinished = 0
        for image in device.images {
            for loss in image.storage.lossesOfPower(limit: 3, using: &randomness) {
                let found = try await content(of: image.storage.after(loss))
                #expect(found == nil || found == saved, "behind \(image.call), \(loss)")
                if found == nil { unfinished += 1 }
            }
        }
        #expect(unfinished > 50)
    }

    @Test func aSalvageThatBeginsWhileTheManifestIsReadIsNoStore() throws {
        let base = try CraftedSegment.device([CraftedSegment()])
        let device = InterferingDevice(base, before: "MANIFEST") { base, _ in try? SalvageMarker.write(on: base) }
        let error = #expect(throws: StrataError.self) { _ = try Manifest.read(from: device) }
        #expect(error?.code == .notAStore)
    }

    @Test func whatWasNotFinishedIsRefusedAndStaysAsItIs() async throws {
        let source = try await damaged()
        let device = SimulatedDevice(seed: seed)
        device.keepCalls()
        _ = try await StrataStore.salvage(from: SimulatedDevice(source, seed: seed), into: device, options: options)
        let plain = device.calls
        let saved = try await content(of: device.storage)
        var refused = 0
        for call in stride(from: 1, through: plain, by: 7) {
            let device = SimulatedDevice(seed: seed)
            device.inject([DeviceFault(atCall: call, .error(EIO), isPersistent: true)])
            await #expect(throws: StrataError.self, "call \(call)") {
                _ = try await StrataStore.salvage(
                    from: SimulatedDevice(source, seed: seed), into: device, options: options)
            }
            let left = device.afterProcessDeath().storage
            guard left.contents["MANIFEST"] != nil else { continue }
            // A mark without content is none: all is there.
            guard left.contents["SALVAGE"]?.isEmpty == false else {
                #expect(try await content(of: left) == saved, "call \(call)")
                continue
            }
            #expect(try await isRefused(left), "call \(call)")
            refused += 1
        }
        #expect(refused > 10)
    }

    @Test(arguments: [false, true])
    func aMarkThatALossOfPowerCouldBringBackIsRemovedAgain(keepsFailing: Bool) async throws {
        let source = try await damaged()
        let sync = try await SimulatedDevice(seed: seed).lastNumber(of: .syncDirectory, ".") { device in
            _ = try await StrataStore.salvage(
                from: SimulatedDevice(source, seed: seed), into: device, options: options)
        }
        let device = SimulatedDevice(seed: seed)
        device.inject([DeviceFault(atCall: sync, .failedSync(.keptInCache), isPersistent: keepsFailing)])
        await #expect(throws: StrataError.self) {
            _ = try await StrataStore.salvage(from: SimulatedDevice(source, seed: seed), into: device, options: options)
        }
        let next = device.afterProcessDeath()
        next.clearFaults()
        let store = try await StrataStore.open(on: next, options: options)
        _ = try await store.events.append([sampleEvent()], to: sampleStream(), expecting: .any)
        let power = SimulatedDevice(next.storage.afterTotalLoss)
        #expect(try await StrataStore.open(on: power, options: options).allEvents().count == 38)
    }
}
