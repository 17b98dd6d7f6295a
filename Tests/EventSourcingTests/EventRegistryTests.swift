import EventSourcing
import FoundationEssentials
import OrderExample
import Testing

struct EventRegistryTests {
    private enum Versioned: DomainEvent, Equatable {
        case moved(x: Int, y: Int, z: Int)
        case stopped

        enum CodingKeys: String, CodingKey, CaseIterable { case moved = "Moved", stopped = "Stopped" }

        static func schemaVersion(of eventType: CodingKeys) -> Int {
            switch eventType {
            case .moved: 3
            case .stopped: 1
            }
        }
    }

    private enum Rival: DomainEvent {
        case other, moved

        enum CodingKeys: String, CodingKey, CaseIterable { case other = "Other", moved = "Moved" }
    }

    private func recorded(
        _ type: String, schemaVersion: Int = 1, _ payload: String = "{}", contentType: ContentType = .json
    ) -> RecordedEvent {
        RecordedEvent(
            NewEvent(type: type, schemaVersion: schemaVersion, contentType: contentType, payload: Bytes(payload)),
            stream: StreamID("Robot", UUID()), version: 1, position: 1, storedAt: .now())
    }

    private func code(_ body: () throws -> Void) -> EventStoreError.Code? {
        do {
            try body()
            return nil
        } catch {
            return (error as? EventStoreError)?.code
        }
    }

    @Test func anEventCarriesItsNameVersionAndCompany() throws {
        let registry = EventRegistry(of: Versioned.self)
        let id = UUID()
        let event = try registry.encode(
            Versioned.moved(x: 1, y: 2, z: 3), id: id, occurredAt: .distantPast, metadata: EventMetadata(actor: "me"))
        #expect(
            event
                == NewEvent(
                    id: id, type: "Moved", schemaVersion: 3, occurredAt: .distantPast,
                    payload: Bytes(#"{"x":1,"y":2,"z":3}"#), metadata: EventMetadata(actor: "me")))
        #expect(try registry.encode(Versioned.stopped).schemaVersion == 1)
    }

    @Test func refusesTwoTypesUnderOneNameAndRegistersNoneOfTheSecond() throws {
        var registry = EventRegistry(of: Versioned.self)
        let error = try #require(throws: EventStoreError.self) { try registry.register(Rival.self) }
        #expect(error.code == .duplicateEventType)
        #expect(error.message.contains("'Moved'"))
        #expect(code { _ = try registry.decode(recorded("Other")) } == .unregisteredEventType)
    }

    @Test func registeringATypeAgainChangesNothing() throws {
        var registry = EventRegistry(of: Versioned.self)
        try registry.register(Versioned.self)
        #expect(try registry.decode(recorded("Stopped"), as: Versioned.self) == .stopped)
    }

    @Test func refusesNamesThatNoStoreAccepts() throws {
        enum Spaced: DomainEvent {
            case odd
            enum CodingKeys: String, CodingKey, CaseIterable { case odd = " odd" }
        }
        var registry = EventRegistry()
        #expect(code { try registry.register(Spaced.self) } == .invalidArgument)
    }

    @Test func namesTheTypeThatIsNotRegisteredWhenEncoding() throws {
        let error = try #require(throws: EventStoreError.self) {
            try EventRegistry(of: OrderEvent.self).encode(Versioned.stopped)
        }
        #expect(error.code == .unregisteredEventType)
        #expect(error.message.contains("'Stopped'"))
    }

    @Test func anEventUnderTheNameOfAnotherTypeIsNotEncoded() throws {
        #expect(code { _ = try EventRegistry(of: Versioned.self).encode(Rival.moved) } == .unregisteredEventType)
    }

    @Test func namesTheTypeThatIsNotRegisteredWhenDecoding() throws {
        let event = recorded("Vanished")
        let error = try #require(throws: EventStoreError.self) {
            try EventRegistry(of: Versioned.self).decode(event, as: Versioned.self)
        }
        #expect(error.code == .unregisteredEventType)
        #expect(error.message.contains("'Vanished'"))
        #expect(error.stream == event.stream)
        #expect(error.eventID == event.id)
    }

    @Test func anEventOfAnotherTypeIsNotTakenForOneOfThis() throws {
        var registry = EventRegistry(of: Versioned.self)
        try registry.register(OrderEvent.self)
        #expect(
            code { _ = try registry.decode(recorded("Stopped"), as: OrderEvent.self) } == .unregisteredEventType)
    }

    @Test func decodesAnyRegisteredType() throws {
        var registry = EventRegistry(of: Versioned.self)
        try registry.register(OrderEvent.self)
        let order = try registry.decode(recorded("OrderSubmitted", #"{"totalAmount":1}"#))
        #expect(order as? OrderEvent == .submitted(totalAmount: 1))
        #expect(try registry.decode(recorded("Stopped")) as? Versioned == .stopped)
    }

    @Test func aPayloadThatDoesNotDecodeNamesItsEvent() throws {
        let event = recorded("OrderSubmitted", "[]")
        let error = try #require(throws: EventStoreError.self) {
            try EventRegistry(of: OrderEvent.self).decode(event)
        }
        #expect(error.code == .decodingFailed)
        #expect(error.eventID == event.id)
    }

    @Test func aContentTypeWithoutACodecIsUnsupported() throws {
        let registry = EventRegistry(of: Versioned.self)
        #expect(code { _ = try registry.decode(recorded("Stopped", contentType: .cbor)) } == .unsupported)
    }

    @Test func readsEachContentTypeWithItsOwnCodec() throws {
        var registry = EventRegistry(codec: RelabelledCodec(), readingAlso: [JSONEventCodec()])
        try registry.register(Versioned.self)
        #expect(try registry.encode(Versioned.stopped).contentType == .cbor)
        #expect(try registry.decode(recorded("Stopped"), as: Versioned.self) == .stopped)
        #expect(code { _ = try registry.decode(recorded("Stopped", contentType: .cbor)) } == .damaged)
    }

    private func upcasting() throws -> EventRegistry {
        var registry = EventRegistry(of: Versioned.self)
        try registry.registerUpcaster(of: "Shifted", from: 1, renamingTo: "Moved") { payload in
            Bytes(copying: payload.dropLast() + Bytes(#","y":2}"#))
        }
        try registry.registerUpcaster(of: "Moved", from: 2) { payload in
            Bytes(copying: payload.dropLast() + Bytes(#","z":3}"#))
        }
        return registry
    }

    @Test func upcastersRunInAChainAndMayRename() throws {
        let registry = try upcasting()
        let moved = Versioned.moved(x: 1, y: 2, z: 3)
        #expect(try registry.decode(recorded("Shifted", #"{"x":1}"#), as: Versioned.self) == moved)
        #expect(try registry.decode(recorded("Moved", schemaVersion: 2, #"{"x":1,"y":2}"#)) as? Versioned == moved)
        #expect(
            try registry.decode(recorded("Moved", schemaVersion: 3, #"{"x":1,"y":2,"z":3}"#)) as? Versioned == moved)
    }

    @Test func aMissingUpcasterIsNamed() throws {
        let registry = try upcasting()
        let error = try #require(throws: EventStoreError.self) { try registry.decode(recorded("Moved")) }
        #expect(error.code == .decodingFailed)
        #expect(error.message == "version 1 of 'Moved' has no upcaster")
    }

    @Test func aNewerVersionThanIsKnownIsAnError() throws {
        let registry = try upcasting()
        let error = try #require(throws: EventStoreError.self) {
            try registry.decode(recorded("Moved", schemaVersion: 4, #"{"x":1,"y":2,"z":3}"#))
        }
        #expect(error.code == .decodingFailed)
        #expect(error.message == "version 4 of 'Moved' is newer than 3, the newest that is known")
    }

    @Test func anUpcasterForAVersionThatHasOneIsRefused() throws {
        var registry = try upcasting()
        #expect(code { try registry.registerUpcaster(of: "Moved", from: 2) { $0 } } == .invalidArgument)
    }

    @Test func anUpcasterThatFailsDoesNotQuoteThePayload() throws {
        var registry = EventRegistry(of: Versioned.self)
        try registry.registerUpcaster(of: "Moved", from: 2) { _ in
            throw DecodingError.dataCorrupted(.init(codingPath: [], debugDescription: "secret"))
        }
        let error = try #require(throws: EventStoreError.self) {
            try registry.decode(recorded("Moved", schemaVersion: 2))
        }
        #expect(error.code == .decodingFailed)
        #expect(!"\(error)".contains("secret"))
    }
}

/// JSON under another content type, which it refuses to decode.
private struct RelabelledCodec: EventCodec {
    private let json = JSONEventCodec()

    var contentType: ContentType { .cbor }

    func encode<Event: DomainEvent>(_ event: Event) throws(EventStoreError) -> EncodedEvent { try json.encode(event) }

    func decode<Event: DomainEvent>(
        _ type: Event.Type, named eventType: String, from payload: Bytes
    ) throws(EventStoreError) -> Event {
        throw EventStoreError(.damaged, "not mine")
    }

    func encodeState<State: Aggregate>(_ state: State) throws(EventStoreError) -> Bytes { try json.encodeState(state) }

    func decodeState<State: Aggregate>(_ type: State.Type, from bytes: Bytes) throws(EventStoreError) -> State {
        throw EventStoreError(.damaged, "not mine")
    }
}
