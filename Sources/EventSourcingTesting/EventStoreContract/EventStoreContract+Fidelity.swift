import EventSourcing

extension EventStoreContract {
    /// A payload comes back byte for byte.
    static let fidelity: [Requirement] = [
        keepsPayload("in JSON with its spaces and its order", [Bytes("{ \"b\" : 1.0,\n\t\"a\" : [ ] }\n")], .json),
        keepsPayload("in JSON beyond ASCII", [Bytes(#"{"näme":"日本 👩‍🚀 \u00e9"}"#)], .json),
        keepsPayload("that is empty", [Bytes()], .binary),
        keepsPayload("of NULs", [Bytes([0]), Bytes(copying: repeatElement(0, count: 100))], .binary),
        keepsPayload("that is no UTF-8", [Bytes([0xC3, 0x28, 0xFF, 0xFE, 0x80])], .binary),
        keepsPayload("of every byte there is", [Bytes(copying: UInt8.min...UInt8.max)], .binary),
        keepsPayload("that is a slice of other bytes", [Bytes("abcdef").slice(2..<4)], .binary),
        keepsPayload("of every length up to 70 bytes", (0...70).map { Bytes(copying: 0..<UInt8($0)) }, .binary),
        keepsPayload(
            "of a hundred thousand bytes",
            [Bytes(copying: (0..<100_000).lazy.map { UInt8(truncatingIfNeeded: $0 &* 31) })], .binary),
    ]

    private static func keepsPayload(
        _ what: String, _ payloads: @autoclosure @escaping @Sendable () -> [Bytes], _ contentType: ContentType
    ) -> Requirement {
        Requirement("a store keeps a payload \(what)") { store in
            let payloads = payloads()
            let stream = StreamID.sample()
            let events = payloads.map { NewEvent.sample(contentType: contentType, payload: $0) }
            _ = try await store.append(events, to: stream, expecting: .any)
            let found = try await store.readStream(stream).collect()
            try require("the number of events", found.count, is: events.count)
            for (found, payload) in zip(found, payloads) {
                try require("the payload's length", found.payload.count, is: payload.count)
                try require(found.payload == payload, "a payload of \(payload.count) bytes comes back altered")
            }
        }
    }
}
