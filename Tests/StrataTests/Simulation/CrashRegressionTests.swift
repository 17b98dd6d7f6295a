import EventSourcing
import Foundation
import Strata
import StrataTesting
import Testing

/// What crash runs have found, each as a story of its own.
@Suite struct CrashRegressionTests {
    private let options = StrataOptions(segmentBytes: 64 << 10, idleMarkDelay: nil)
    private let stream = StreamID("Order", UUID())

    @Test func aStoreWhoseMakerDiedBeforeSyncingItsDirectoriesSurvivesALossOfPowerLater() async throws {
        let maker = SimulatedDevice()
        maker.keepImages()
        try await StrataStore.open(on: maker, options: options).close()
        let renamed = try #require(maker.images.first { $0.call.operation == .rename })

        let device = SimulatedDevice(renamed.storage.afterProcessDeath)
        let store = try await StrataStore.open(on: device, options: options)
        let event = NewEvent(type: "ItemAdded", payload: Bytes("{}"))
        _ = try await store.events.append([event], to: stream, expecting: .any)

        let reopened = try await StrataStore.open(on: SimulatedDevice(device.storage.afterTotalLoss), options: options)
        #expect(try await reopened.events.containsEvent(withID: event.id))
    }

    @Test func aManifestIsNeverThereBeforeTheDirectoriesOfItsStore() async throws {
        let device = SimulatedDevice()
        device.keepImages()
        try await StrataStore.open(on: device, options: options).close()
        let renamed = try #require(device.images.first { $0.call.operation == .rename }).storage
        let loss = LossOfPower(
            renamed.unsynced.map {
                switch $0.change {
                case .rename, .linkInParent: .kept
                default: .lost
                }
            })

        let reopened = SimulatedDevice(renamed.after(loss))
        try await StrataStore.open(on: reopened, options: options).close()
    }
}
