import EventSourcing
import FoundationEssentials
import OrderExample
import Testing

struct EventCodecTests {
    private let codec = JSONEventCodec()
    private let product = UUID()

    @Test func storesTheCaseByItsNameAndTheValuesAlone() throws {
        let encoded = try codec.encode(OrderEvent.submitted(totalAmount: 12.5))
        #expect(encoded.type == "OrderSubmitted")
        #expect(String(utf8: encoded.payload) == #"{"totalAmount":12.5}"#)
    }

    @Test func sortsKeysSoThatEqualEventsGiveEqualBytes() throws {
        let event = OrderEvent.itemAdded(productID: product, productName: "A/B", quantity: 2, unitPrice: 0.5)
        #expect(
            String(utf8: try codec.encode(event).payload)
                == #"{"productID":"\#(product)","productName":"A/B","quantity":2,"unitPrice":0.5}"#)
    }

    @Test func aCaseWithoutValuesIsAnEmptyObject() throws {
        let encoded = try codec.encode(TallyEvent.cleared)
        #expect(encoded.type == "TallyCleared")
        #expect(String(utf8: encoded.payload) == "{}")
        #expect(try codec.decode(TallyEvent.self, named: "TallyCleared", from: encoded.payload) == .cleared)
    }

    @Test(arguments: [
        TallyEvent.added(amount: .min), .noted(text: nil, at: .distantPast),
        .noted(text: #"a "quoted" \ line"#, at: .distantFuture), .noted(text: "", at: .now()), .cleared,
    ])
    func decodesWhatItEncoded(_ event: TallyEvent) throws {
        let encoded = try codec.encode(event)
        #expect(try codec.decode(TallyEvent.self, named: encoded.type, from: encoded.payload) == event)
    }

    @Test(arguments: [
        ("OrderSubmitted", #"{"total":1}"#, "no value at totalAmount"),
        ("OrderSubmitted", #"{"totalAmount":"secret"}"#, "no Double at totalAmount"),
        ("OrderSubmitted", #"{"totalAmount":null}"#, "null, not Double, at totalAmount"),
        ("OrderSubmitted", #"{"totalAmount":1"#, "malformed at the top"),
        ("OrderSubmitted", #"{"totalAmount":1},"OrderSubmitted":{"totalAmount":2}"#, "malformed at the top"),
        ("OrderSubmitted", "", "malformed at the top"),
        ("OrderRenamed", #"{"totalAmount":1}"#, "no OrderEvent"),
    ])
    func saysWhatAPayloadLacksWithoutQuotingIt(_ name: String, _ payload: String, _ reason: String) throws {
        let error = try #require(throws: EventStoreError.self) {
            try codec.decode(OrderEvent.self, named: name, from: Bytes(payload))
        }
        #expect(error.code == .decodingFailed)
        #expect(error.message.contains(reason))
        #expect(!"\(error)".contains("secret"))
    }

    private struct Nested: Aggregate {
        typealias Event = TallyEvent

        static let aggregateType = "Nested"

        var inner: [Nested] = []

        init(id: UUID) {}

        /// An object and an array for each level.
        init(levels: Int) {
            for _ in 1..<levels {
                let inner = self
                self = Nested(id: UUID())
                self.inner = [inner]
            }
        }

        mutating func apply(_ event: TallyEvent) {}
    }

    @Test func writesNothingThatNestsTooDeepForItToRead() throws {
        let deep = try codec.encodeState(Nested(levels: JSONText.depthLimit / 2))
        #expect(throws: Never.self) { try codec.decodeState(Nested.self, from: deep) }
        for levels in [JSONText.depthLimit / 2 + 1, JSONText.depthLimit * 4] {
            let error = try #require(throws: EventStoreError.self) { try codec.encodeState(Nested(levels: levels)) }
            #expect(error.code == .encodingFailed)
        }
    }

    @Test func aNumberThatIsNotFiniteIsRefusedWithoutQuotingIt() throws {
        let error = try #require(throws: EventStoreError.self) {
            try codec.encode(OrderEvent.submitted(totalAmount: .infinity))
        }
        #expect(error.code == .encodingFailed)
        #expect(error.message.hasSuffix("an invalid value at totalAmount"))
    }

    @Test func theKeysOfADictionaryAreHiddenLikeAnyValue() throws {
        struct Balances: Aggregate {
            static let aggregateType = "Balances"
            var amounts: [String: Int] = [:]
            init(id: UUID) {}
            mutating func apply(_ event: TallyEvent) {}
        }
        let error = try #require(throws: EventStoreError.self) {
            try codec.decodeState(Balances.self, from: Bytes(#"{"amounts":{"jane@example.com":"x"}}"#))
        }
        #expect(error.message.hasSuffix("no Int at amounts.*"))
    }

    @Test func aDateIsWrittenAsRFC3339() throws {
        struct Calendar: Aggregate, Equatable {
            static let aggregateType = "Calendar"
            var day = Date(timeIntervalSince1970: 1_705_314_645.25)
            init(id: UUID) {}
            mutating func apply(_ event: TallyEvent) {}
        }
        let state = Calendar(id: UUID())
        let bytes = try codec.encodeState(state)
        #expect(String(utf8: bytes) == #"{"day":"2024-01-15T10:30:45.250Z"}"#)
        #expect(try codec.decodeState(Calendar.self, from: bytes) == state)
    }

    @Test func anEventThatEncodesAsNoCaseIsRefused() throws {
        enum Odd: DomainEvent {
            case odd
            enum CodingKeys: String, CodingKey, CaseIterable { case odd = "Odd" }
            init(from decoder: any Decoder) throws { self = .odd }
            func encode(to encoder: any Encoder) throws {
                var container = encoder.singleValueContainer()
                try container.encode(1)
            }
        }
        let error = try #require(throws: EventStoreError.self) { try codec.encode(Odd.odd) }
        #expect(error.code == .encodingFailed)
    }

    @Test func aCaseMayHoldOneValueThatIsThePayload() throws {
        struct Body: Codable, Equatable { let amount: Int }
        enum Wrapped: DomainEvent, Equatable {
            case body(Body)
            enum CodingKeys: String, CodingKey, CaseIterable { case body = "Body" }
            init(from decoder: any Decoder) throws {
                self = .body(try decoder.container(keyedBy: CodingKeys.self).decode(Body.self, forKey: .body))
            }
            func encode(to encoder: any Encoder) throws {
                guard case .body(let body) = self else { return }
                var container = encoder.container(keyedBy: CodingKeys.self)
                try container.encode(body, forKey: .body)
            }
        }
        let decoded = try codec.decode(Wrapped.self, named: "Body", from: Bytes(#"{"amount":3}"#))
        #expect(decoded == .body(Body(amount: 3)))
        #expect(String(utf8: try codec.encode(decoded).payload) == #"{"amount":3}"#)
    }
}
