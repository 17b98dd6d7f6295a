import EventSourcing
import Foundation
import Testing

/// Identifiers that the library makes.
struct RandomUUIDTests {
    @Test func areOfVersion4AndTheVariantOfTheRFC() {
        for _ in 0..<1_000 {
            let id = NewEvent(type: "Happened", payload: Bytes()).id
            #expect(id.bits >> 76 & 0b1111 == 4)
            #expect(id.bits >> 62 & 0b11 == 0b10)
        }
    }

    @Test func haveAllOtherBitsEitherWay() {
        let ids = (0..<1_000).map { _ in UUID.random().bits }
        let fixed: UInt128 = 0b1111 << 76 | 0b11 << 62
        #expect(ids.reduce(0, |) | fixed == .max)
        #expect(ids.reduce(.max, &) & ~fixed == 0)
    }

    @Test func neverComeTwice() {
        let count = 100_000
        #expect(Set((0..<count).map { _ in UUID.random() }).count == count)
    }
}
