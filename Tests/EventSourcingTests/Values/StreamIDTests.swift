import EventSourcing
import Foundation
import Testing

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
