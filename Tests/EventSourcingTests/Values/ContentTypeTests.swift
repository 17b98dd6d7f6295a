import EventSourcing
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
