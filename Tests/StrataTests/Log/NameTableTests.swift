import Testing

@testable import Strata

@Suite struct NameTableTests {
    private var table = NameTable()

    private mutating func eventType(_ name: String) -> String? {
        let bytes = Array(name.utf8)
        return table.eventType(bytes.span.bytes).map { table.names[$0] }
    }

    @Test mutating func namesOfEveryLengthAreToldApart() {
        for length in 1...40 {
            for changed in 0..<length {
                var name = [UInt8](repeating: UInt8(ascii: "a"), count: length)
                name[changed] = UInt8(ascii: "b")
                let text = String(decoding: name, as: UTF8.self)
                #expect(eventType(text) == text)
                #expect(eventType(text) == text)
            }
        }
    }

    @Test mutating func aTableThatIsFullBeginsAnew() {
        for number in 0..<NameTable.capacity { #expect(eventType("Type\(number)") == "Type\(number)") }
        let generation = table.generation
        #expect(table.names.count == NameTable.capacity)
        #expect(eventType("OneMore") == "OneMore")
        #expect(table.generation == generation + 1)
        #expect(table.names == ["OneMore"])
    }

    @Test mutating func whatIsNoNameStaysNone() {
        for _ in 1...2 {
            #expect(eventType(" Order") == nil)
            #expect(eventType("") == nil)
            let invalid: [UInt8] = [0xFF, 0xFE]
            #expect(table.eventType(invalid.span.bytes) == nil)
        }
    }

    @Test mutating func anAggregateTypeHasTheTagThatItsHeaderNames() {
        let bytes = Array("Order".utf8)
        let tag = FrameHeader.tag(of: "Order")
        #expect(table.aggregateType(bytes.span.bytes, tag: tag) != nil)
        #expect(table.aggregateType(bytes.span.bytes, tag: tag ^ 1) == nil)
        let separated = Array("Order/1".utf8)
        #expect(table.aggregateType(separated.span.bytes, tag: FrameHeader.tag(of: "Order/1")) == nil)
        #expect(table.eventType(separated.span.bytes) != nil)
    }
}
