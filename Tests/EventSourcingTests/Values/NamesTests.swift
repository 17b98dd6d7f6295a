import EventSourcing
import Foundation
import Testing

struct ContentTypeTests {
    @Test(arguments: UInt8.min...UInt8.max)
    func comesBackFromItsMediaType(number: UInt8) {
        let contentType = ContentType(rawValue: number)
        #expect(ContentType(mediaType: contentType.mediaType) == contentType)
    }

    @Test func knowsTheCommonMediaTypes() {
        #expect(ContentType(mediaType: "application/json") == .json)
        #expect(ContentType(mediaType: "application/octet-stream") == .binary)
        #expect(ContentType(mediaType: "application/cbor") == .cbor)
        #expect(ContentType(mediaType: "application/protobuf") == .protobuf)
    }

    @Test(arguments: ["", "text/plain", "application/x-event-content-", "application/x-event-content-256", "json"])
    func knowsNoOtherMediaTypes(mediaType: String) {
        #expect(ContentType(mediaType: mediaType) == nil)
    }
}

struct StreamIDTests {
    private static let id = "0198c5f2-8f6a-7c31-a1b2-0123456789ab"

    @Test func isWrittenAsTypeAndIdentifier() throws {
        let id = try #require(UUID(uuidString: Self.id.uppercased()))
        #expect(StreamID("Order", id).description == "Order/\(Self.id)")
    }

    @Test(arguments: ["Order/\(id)", "Bestellung 注文/\(id)", "a/\(id.uppercased())"])
    func isReadFromItsText(text: String) throws {
        let stream = try #require(StreamID(text))
        #expect(stream.description == text.replacing(Self.id.uppercased(), with: Self.id))
    }

    @Test(arguments: [
        "", "Order", "Order/", "/\(id)", "a/b/\(id)", "Order/\(id)/", "Order/0198c5f2", "Or\nder/\(id)", " Order/\(id)",
        "Order \u{7F}/\(id)", "Order/{\(id)}",
    ])
    func isNotReadFromOtherTexts(text: String) {
        #expect(StreamID(text) == nil)
    }
}

struct ExpectedVersionTests {
    @Test(
        arguments: [
            (.any, [0, 1, 5]), (.noStream, [0]), (.streamExists, [1, 5]), (.exactly(0), [0]), (.exactly(5), [5]),
            (.exactly(3), []),
        ] as [(ExpectedVersion, [Int])])
    func allowsTheVersionsThatFulfilIt(expected: ExpectedVersion, versions: [Int]) {
        #expect([0, 1, 5].filter(expected.allows) == versions)
    }
}

struct UUIDBitsTests {
    @Test func comesBackFromItsBits() {
        let id = UUID()
        #expect(UUID(bits: id.bits) == id)
    }

    @Test func areTheBytesInTheirWrittenOrder() {
        #expect(UUID(uuidString: "00000000-0000-0000-0000-0000000001FF")?.bits == 0x1FF)
    }
}
