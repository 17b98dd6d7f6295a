import EventSourcing
import Testing

struct EventMetadataTests {
    @Test func isEmptyWithoutParts() {
        #expect(EventMetadata().isEmpty)
        #expect(EventMetadata([:]).encoded == Bytes())
    }

    @Test func givesItsWellKnownPartsByName() {
        let metadata = EventMetadata(correlationID: "c", causationID: "d", tenantID: "t", actor: "a")
        #expect(
            [metadata.correlationID, metadata.causationID, metadata.tenantID, metadata.actor] == ["c", "d", "t", "a"])
    }

    @Test func lacksThePartsNotGiven() {
        let metadata = EventMetadata(tenantID: "t")
        #expect([metadata.correlationID, metadata.causationID, metadata.actor] == [nil, nil, nil])
    }

    @Test func encodesWellKnownKeysAsNumbersInTheirOrder() {
        let metadata = EventMetadata(correlationID: "c", causationID: "", tenantID: "t", actor: "ab")
        #expect(Array(metadata.encoded) == [0, 1, 1, 0x63, 0, 2, 0, 0, 3, 1, 0x74, 0, 4, 2, 0x61, 0x62])
    }

    @Test func encodesFurtherKeysBehindThemByTheirBytes() {
        let metadata = EventMetadata(actor: "x", additional: ["b": "1", "a": "2"])
        #expect(Array(metadata.encoded) == [0, 4, 1, 0x78, 2, 0x61, 1, 0x32, 2, 0x62, 1, 0x31])
    }

    @Test func encodesLongValuesWithSeveralBytesOfLength() {
        let metadata = EventMetadata(["k": String(repeating: "v", count: 300)])
        #expect(Array(metadata.encoded.prefix(4)) == [2, 0x6B, 0xAC, 0x02])
    }

    @Test func takesAWellKnownNameAmongFurtherPairsForThatPart() {
        #expect(EventMetadata(["tenant_id": "t"]) == EventMetadata(tenantID: "t"))
    }

    @Test func prefersTheParameterToAFurtherPairOfThatName() {
        #expect(EventMetadata(tenantID: "given", additional: ["tenant_id": "other"]).tenantID == "given")
    }

    @Test func givesAnyValueByKey() {
        let metadata = EventMetadata(tenantID: "t", additional: ["ключ": "значение", "empty": ""])
        #expect(metadata["tenant_id"] == "t")
        #expect(metadata["ключ"] == "значение")
        #expect(metadata["empty"] == "")
        #expect(metadata["absent"] == nil)
    }

    @Test func tellsFurtherPairsFromWellKnownOnes() {
        let metadata = EventMetadata(correlationID: "c", additional: ["k": "v"])
        #expect(metadata.additional == ["k": "v"])
        #expect(metadata.pairs == ["correlation_id": "c", "k": "v"])
    }

    @Test(arguments: [1, 2, 0xCAFE])
    func comesBackFromItsEncodedForm(seed: UInt64) {
        var random = SeededRandomness(seed: seed)
        for _ in 1...200 {
            var pairs: [String: String] = [:]
            for _ in 0..<Int.random(in: 0...6, using: &random) {
                let key = ["tenant_id", "actor", "trace", "k", "日本", "👩‍🚀"].randomElement(using: &random) ?? ""
                pairs[key] = String(repeating: "vé", count: .random(in: 0...200, using: &random))
            }
            let metadata = EventMetadata(pairs)
            #expect(EventMetadata(encoded: metadata.encoded) == metadata, "seed \(seed)")
            #expect(metadata.pairs == pairs, "seed \(seed)")
        }
    }

    @Test(
        arguments: [
            [2], [2, 0x6B], [2, 0x6B, 5, 0x76], [0], [0, 0, 1, 0x61], [0, 5, 1, 0x61], [2, 0xFF, 1, 0x61],
            [2, 0x6B, 1, 0xFF], [0xFF, 0xFF, 0xFF, 0xFF, 0x0F], [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1],
            [2, 0x6B, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F],
        ] as [[UInt8]])
    func refusesBytesThatAreNoPairs(bytes: [UInt8]) {
        #expect(EventMetadata(encoded: Bytes(bytes)) == nil)
    }

    @Test(
        arguments: [
            [2, 0x62, 0, 2, 0x61, 0], [2, 0x61, 0, 2, 0x61, 0], [0, 4, 0, 0, 3, 0], [2, 0x61, 0, 0, 4, 0],
            [6, 0x61, 0x63, 0x74, 0x6F, 0x72, 0], [0x82, 0, 0x61, 0], [2, 0x61, 0x80, 0],
        ] as [[UInt8]])
    func refusesPairsInAnyFormButTheOne(bytes: [UInt8]) {
        #expect(EventMetadata(encoded: Bytes(bytes)) == nil)
    }

    @Test(arguments: [3, 4, 5])
    func readsAnyBytesWithoutTrapping(seed: UInt64) {
        var random = SeededRandomness(seed: seed)
        for _ in 1...2_000 {
            let bytes = (0..<Int.random(in: 0...24, using: &random)).map { _ in
                UInt8.random(in: Bool.random(using: &random) ? 0...4 : 0...255, using: &random)
            }
            let metadata = EventMetadata(uncheckedEncoded: Bytes(bytes))
            _ = (metadata.pairs, metadata.tenantID, metadata["k"])
            #expect(EventMetadata(encoded: Bytes(bytes)).map { $0.encoded == Bytes(bytes) } ?? true, "seed \(seed)")
        }
    }
}
