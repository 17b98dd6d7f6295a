import EventSourcing

extension FaultyEventStore {
    /// What is wrong with an append by the limits, as far as the store looks.
    func failureOfCheck(
        _ events: [NewEvent], _ stream: StreamID, _ expected: ExpectedVersion
    ) -> EventStoreError? {
        var (seenEvents, seenStream, seenExpected) = (events, stream, expected)
        switch fault {
        case .ignoresThePayloadLimit:
            if events.contains(where: { $0.payload.count > EventLimits.payloadBytes }) { seenEvents = sound(events) }
        case .ignoresUTF8: seenEvents = sound(events)
        case .ignoresTheEventLimit: seenEvents = Array(events.prefix(EventLimits.eventsPerAppend))
        case .ignoresTheAppendLimit: if events.count > 1 { seenEvents = Array(events.prefix(1)) }
        case .ignoresEventTypeNames:
            if events.contains(where: { !EventLimits.isValidEventType($0.type) }) { seenEvents = sound(events) }
        case .ignoresSchemaVersionLimits:
            if events.contains(where: { !(0...Int(UInt32.max)).contains($0.schemaVersion) }) {
                seenEvents = sound(events)
            }
        case .ignoresMetadataLimits:
            if events.contains(where: { !$0.metadata.isEmpty }) { seenEvents = sound(events) }
        case .ignoresAggregateTypeNames: seenStream = StreamID("Order", stream.id)
        case .ignoresNegativeExpectedVersions: seenExpected = .any
        case .checksTheFirstEventOnly: seenEvents = Array(events.prefix(1))
        case .refusesTheLargestPayload:
            if events.contains(where: { $0.payload.count >= EventLimits.payloadBytes }) { return tooStrict }
        case .refusesTheMostEvents: if events.count >= EventLimits.eventsPerAppend { return tooStrict }
        case .refusesTheLongestEventType:
            if events.contains(where: { $0.type.utf8.count >= EventLimits.nameBytes }) { return tooStrict }
        case .refusesTheLongestAggregateType:
            if stream.aggregateType.utf8.count >= EventLimits.nameBytes { return tooStrict }
        case .refusesTheLargestMetadata:
            if events.contains(where: { $0.metadata.encoded.count >= EventLimits.metadataBytes }) { return tooStrict }
        case .refusesTheLongestMetadataKey:
            if events.contains(where: { $0.metadata.pairs.keys.contains { $0.utf8.count >= 255 } }) {
                return tooStrict
            }
        default: break
        }
        do {
            try EventLimits.check(seenEvents, to: seenStream, expecting: seenExpected)
            return nil
        } catch {
            return error
        }
    }

    private var tooStrict: EventStoreError { EventStoreError(.invalidArgument, "what just meets a limit is refused") }

    private func sound(_ events: [NewEvent]) -> [NewEvent] {
        events.map { NewEvent(id: $0.id, type: "Opened", payload: Bytes("{}")) }
    }
}
