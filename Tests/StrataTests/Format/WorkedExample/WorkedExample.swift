import EventSourcing
import Foundation
import Strata

/// The small store that `Docs/Format.md` shows byte by byte.
enum WorkedExample {
    static let time = Timestamp(uncheckedSeconds: 1_772_366_400, nanoseconds: 250_000_000)
    static let ada = StreamID("Order", UUID(bits: 0xA0A1_A2A3_A4A5_46A7_A8A9_AAAB_ACAD_AEAF))
    static let ben = StreamID("Cart", UUID(bits: 0xB0B1_B2B3_B4B5_46B7_B8B9_BABB_BCBD_BEBF))
    static let eve = StreamID("Cart", UUID(bits: 0xC0C1_C2C3_C4C5_46C7_A8C9_CACB_CCCD_CECF))

    static let adasEvents = [
        NewEvent(
            id: UUID(bits: 0xE0E1_E2E3_E4E5_46E7_A8E9_EAEB_ECED_EE01), type: "OrderCreated", occurredAt: time,
            payload: Bytes(#"{"customer":"Ada"}"#),
            metadata: EventMetadata(
                correlationID: "r-1", tenantID: "acme", additional: ["region": "eu", "agent": "web"])),
        NewEvent(
            id: UUID(bits: 0xE0E1_E2E3_E4E5_46E7_A8E9_EAEB_ECED_EE02), type: "ItemAdded", schemaVersion: 2,
            occurredAt: time, payload: Bytes(#"{"sku":"A1"}"#)),
    ]
    static let bensEvents = [
        NewEvent(
            id: UUID(bits: 0xE0E1_E2E3_E4E5_46E7_A8E9_EAEB_ECED_EE03), type: "Put",
            occurredAt: Timestamp(uncheckedSeconds: -1, nanoseconds: 999_999_999), contentType: .binary,
            payload: Bytes([0xCA, 0xFE]))
    ]
    static let adasSnapshot = Snapshot(
        stream: ada, version: 2, schemaVersion: 1, createdAt: time, state: Bytes(#"[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]"#))
    static let bensSnapshot = Snapshot(
        stream: ben, version: 1, schemaVersion: 1, createdAt: time, contentType: .binary, state: Bytes([0xCA, 0xFE]))

    /// The store's files, made by the engine itself.
    static func files() async throws -> [String: [UInt8]] {
        let device = InMemoryDevice(time: time)
        let store = try await StrataStore.open(on: device, options: StrataOptions(idleMarkDelay: nil))
        _ = try await store.events.append(adasEvents, to: ada, expecting: .noStream)
        _ = try await store.events.append(bensEvents, to: ben, expecting: .noStream)
        try await store.snapshots.save(adasSnapshot)
        try await store.snapshots.save(bensSnapshot)
        _ = try await store.snapshots.delete(for: ben)
        _ = try await store.events.truncate(ada, before: 2, expecting: .exactly(2))
        _ = try await store.events.delete(eve, mode: .tombstone, expecting: .noStream)
        try await store.close()
        return device.files
    }
}
