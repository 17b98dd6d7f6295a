import EventSourcing
import Foundation
import Testing

struct UUIDBitsTests {
    @Test func comesBackFromItsBits() {
        let id = UUID()
        #expect(UUID(bits: id.bits) == id)
    }

    @Test func areTheBytesInTheirWrittenOrder() {
        #expect(UUID(uuidString: "00000000-0000-0000-0000-0000000001FF")?.bits == 0x1FF)
    }
}
