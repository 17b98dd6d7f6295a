import EventSourcing

extension EventStoreContract {
    /// What no store accepts.
    static let limits: [Requirement] = [
        refuses("a payload of one byte too many", zeros(EventLimits.payloadBytes + 1)),
        refuses("a payload in JSON that is no UTF-8", [.sample(payload: Bytes([0x22, 0xC3, 0x28, 0x22]))]),
        refuses("one event too many", NewEvent.samples(EventLimits.eventsPerAppend + 1)),
        refuses("events that hold too much together", zeros(EventLimits.payloadBytes, times: 4) + [.sample()]),
        refuses("an event type without a name", [.sample("")]),
        refuses("an event type of one byte too many", [.sample(name(EventLimits.nameBytes + 1))]),
        refuses("an event type with a control character", [.sample("Item\nAdded")]),
        refuses("an event type with a space at its beginning", [.sample(" ItemAdded")]),
        refuses("an event type with a space at its end", [.sample("ItemAdded ")]),
        refuses("a negative schema version", [.sample(schemaVersion: -1)]),
        refuses("a schema version beyond 32 bits", [.sample(schemaVersion: Int(UInt32.max) + 1)]),
        refuses("metadata of too many bytes", with(["note": name(EventLimits.metadataBytes)])),
        refuses("a metadata key of one byte too many", with([name(EventLimits.metadataKeyBytes + 1): "x"])),
        refuses("an empty metadata key", with(["": "x"])),
        refuses("an aggregate type without a name", [.sample()], to: .sample("")),
        refuses("an aggregate type of one byte too many", [.sample()], to: .sample(name(EventLimits.nameBytes + 1))),
        refuses("an aggregate type with a slash", [.sample()], to: .sample("a/b")),
        refuses("an aggregate type with a control character", [.sample()], to: .sample("Order\u{7F}")),
        refuses("an aggregate type with a space at an end", [.sample()], to: .sample("Order ")),
        refuses("a negative expected version", [.sample()], expecting: .exactly(-1)),
        Requirement("what breaks a limit behind sound events is refused") { store in
            try await require(.invalidArgument, from: "the append") {
                _ = try await store.append(NewEvent.samples(3) + [.sample("")], to: .sample(), expecting: .any)
            }
        },
    ]

    private static func refuses(
        _ what: String, _ events: @autoclosure @escaping @Sendable () -> [NewEvent], to stream: StreamID = .sample(),
        expecting expected: ExpectedVersion = .any
    ) -> Requirement {
        Requirement("an append with \(what) is refused") { store in
            try await require(.invalidArgument, from: "an append with \(what)") {
                _ = try await store.append(events(), to: stream, expecting: expected)
            }
        }
    }

    /// So many events with a payload of so many bytes, all of which share their memory.
    static func zeros(_ count: Int, times: Int = 1) -> [NewEvent] {
        let payload = Bytes(Array(repeating: 0, count: count))
        return (0..<times).map { _ in .sample(contentType: .binary, payload: payload) }
    }

    static func name(_ bytes: Int) -> String {
        String(repeating: "n", count: bytes)
    }

    private static func with(_ pairs: [String: String]) -> [NewEvent] {
        [.sample(metadata: EventMetadata(pairs))]
    }
}
