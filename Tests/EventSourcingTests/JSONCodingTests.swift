import EventSourcing
import Foundation
import Testing

@testable import EventSourcing

/// The coder against Foundation's, whose way with `Codable` types is what authors of types rely on.
struct JSONCodingTests {
    private struct Everything: Codable, Equatable {
        enum Choice: String, Codable { case first, second }
        enum Shape: Codable, Equatable {
            case circle(radius: Double)
            case named(String, Int)
            case empty
        }
        struct Inner: Codable, Equatable {
            var text: String?
            var numbers: [Int]
        }

        var flag = true
        var text = "a \"quoted\" \\ line\n\u{1}\u{7F} é \u{1D11E} / "
        var double = 0.1
        var float: Float = 0.1
        var int8 = Int8.min
        var int16 = Int16.max
        var int32 = Int32.min
        var int64 = Int64.min
        var uint = UInt.max
        var uint8 = UInt8.max
        var uint16 = UInt16.max
        var uint32 = UInt32.max
        var uint64 = UInt64.max
        var optional: Int?
        var id = UUID()
        var data = Data([0, 1, 254, 255])
        var url = URL(string: "https://example.com/a?b=c&d=é")
        var decimal = Decimal(string: "12345678901234567890.125")
        var choice = Choice.second
        var shapes = [Shape.circle(radius: 1.5), .named("x", 2), .empty]
        var nested = [[Inner(text: nil, numbers: []), Inner(text: "t", numbers: [1, -2])], []]
        var byName = ["b": [1.5, 2], "a": [], "é": [0]]
        var byNumber = [3: "three", 1: "one"]
        var set: Set<Int> = [7]
        var maybes: [Int?] = [1, nil, 3]
    }

    private func encoded(_ value: some Encodable) throws -> Bytes {
        let encoder = JSONValueEncoder()
        try encoder.encode(value)
        return Bytes(try encoder.text())
    }

    private func decoded<Value: Decodable>(_ type: Value.Type, _ json: Bytes) throws -> Value {
        try JSONSource(JSONText(json)).value(at: 0, as: type)
    }

    @Test func readsWhatItWrote() throws {
        let value = Everything()
        #expect(try decoded(Everything.self, encoded(value)) == value)
    }

    @Test func foundationReadsWhatItWrote() throws {
        let value = Everything()
        #expect(try JSONDecoder().decode(Everything.self, from: Data(encoded(value))) == value)
    }

    @Test func readsWhatFoundationWrote() throws {
        let value = Everything()
        #expect(try decoded(Everything.self, Bytes(copying: JSONEncoder().encode(value))) == value)
    }

    @Test func writesASCIIAsFoundationDoes() throws {
        var value = Everything()
        value.text = "plain \"text\" / \\"
        value.url = URL(string: "https://example.com/a?b=c")
        value.byName = ["b": [1.5, 2], "a": [], "c": [0, 1e100, -0.5, 1e-7]]
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        #expect(try String(utf8: encoded(value)) == String(decoding: encoder.encode(value), as: UTF8.self))
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func readsNumbersAsTheStandardLibraryDoes(seed: UInt64) throws {
        var generator = SplitMix(state: seed)
        for _ in 0..<2_000 {
            let random = Double(bitPattern: generator.next())
            let short = Double(Int.random(in: -1_000_000...1_000_000, using: &generator)) / 1_000
            for number in [random, short] where number.isFinite {
                let text = "\(number)"
                #expect(try decoded(Double.self, Bytes(text)) == number, "seed \(seed): \(text)")
            }
            let integer = Int(truncatingIfNeeded: generator.next())
            #expect(try decoded(Int.self, Bytes("\(integer)")) == integer)
        }
    }

    @Test(arguments: [
        ("1.0", 1), ("1e2", 100), ("-0", 0), ("9223372036854775807", .max), ("-9223372036854775808", .min),
        ("9223372036854775807.0", .max), ("-9223372036854775808.000", .min),
        ("9007199254740993.0", 9_007_199_254_740_993), ("9.007199254740993e15", 9_007_199_254_740_993),
        ("90071992547409930e-1", 9_007_199_254_740_993),
        ("922337203685477580700E-2", .max), ("0e999999999999999999999", 0), ("-0.000e-5", 0), ("1.50E+1", 15),
        ("0.00001e5", 1), ("100e-2", 1),
    ])
    func readsWholeNumbersHoweverTheyAreWritten(_ text: String, _ number: Int) throws {
        #expect(try decoded(Int.self, Bytes(text)) == number)
    }

    @Test(arguments: [
        "9223372036854775808", "1.5", "1e99", "-9223372036854775809", "9223372036854775808.0", "9223372036854775807.5",
        "9007199254740992.5", "1.00000000000000000000001", "1e-1", "1e-999999999999999999999",
        "1e999999999999999999999", "12e-1",
    ])
    func refusesNumbersThatDoNotFit(_ text: String) {
        #expect(throws: DecodingError.self) { try decoded(Int.self, Bytes(text)) }
    }

    @Test(arguments: ["256", "-1"])
    func refusesBytesThatAreNone(_ text: String) {
        #expect(throws: DecodingError.self) { try decoded(UInt8.self, Bytes(text)) }
    }

    @Test func refusesNumbersBeyondAllDoubles() {
        #expect(throws: DecodingError.self) { try decoded(Double.self, Bytes("1e999")) }
        #expect(throws: DecodingError.self) { try decoded(Float.self, Bytes("1e39")) }
    }

    @Test(arguments: [
        "", "0", "not a uuid", "550e8400-e29b-41d4-a716-44665544000", "550e8400-e29b-41d4-a716-4466554400000",
        "550e8400ae29b-41d4-a716-446655440000", "550e8400-e29b-41d4-a716-44665544000g",
    ])
    func refusesTextsThatAreNoUUID(_ text: String) {
        #expect(throws: DecodingError.self) { try decoded(UUID.self, Bytes("\"\(text)\"")) }
    }

    @Test func readsUUIDsInEitherCase() throws {
        let id = UUID()
        #expect(try decoded([UUID].self, Bytes("[\"\(id)\",\"\(id.uuidString.lowercased())\"]")) == [id, id])
    }

    @Test func refusesUUIDsWithAnyOtherCharacterAnywhere() throws {
        let id = Array("550e8400-e29b-41d4-a716-44665544000A".utf8)
        for index in id.indices {
            for character in Array("azAZ09:/@G`gf-\u{7F} ".utf8) {
                var text = id
                text[index] = character
                let isValid =
                    id[index] == UInt8(ascii: "-")
                    ? character == UInt8(ascii: "-") : Character(Unicode.Scalar(character)).isHexDigit
                let json = Bytes([UInt8(ascii: "\"")] + text + [UInt8(ascii: "\"")])
                let expected = isValid ? UUID(uuidString: String(decoding: text, as: UTF8.self)) : nil
                #expect((try? decoded(UUID.self, json)) == expected)
            }
        }
    }

    @Test func escapesEachCharacterThatNeedsIt() throws {
        for scalar in (0..<0x100).compactMap({ Unicode.Scalar(UInt32($0)) }) {
            for length in 0...17 {
                for position in 0...length {
                    var text = String(repeating: "a", count: length)
                    text.unicodeScalars.insert(scalar, at: text.utf8.index(text.startIndex, offsetBy: position))
                    let json = try encoded(text)
                    let needsEscape = scalar.value < 0x20 || scalar.value == 0x7F || scalar == "\"" || scalar == "\\"
                    try #require(try decoded(String.self, json) == text)
                    try #require(json.contains(UInt8(ascii: "\\")) == needsEscape)
                }
            }
        }
    }

    @Test(arguments: 0...17)
    func refusesControlCharactersWhereverTheyStand(_ position: Int) {
        for character in UInt8.min..<0x20 {
            var text = Array(repeating: UInt8(ascii: "a"), count: 18)
            text[position] = character
            #expect(throws: JSONSyntaxError.self) {
                try JSONText(Bytes([UInt8(ascii: "\"")] + text + [UInt8(ascii: "\"")]))
            }
        }
    }

    @Test func asksObjectsInTurnsForTheirMembers() throws {
        struct Pair: Decodable {
            enum CodingKeys: CodingKey { case left, right }
            var sums: [Int] = []
            init(from decoder: any Decoder) throws {
                let both = try decoder.container(keyedBy: CodingKeys.self)
                let left = try both.nestedContainer(keyedBy: JSONKey.self, forKey: .left)
                let right = try both.nestedContainer(keyedBy: JSONKey.self, forKey: .right)
                for key in left.allKeys.reversed() + left.allKeys {
                    sums.append(try left.decode(Int.self, forKey: key) + right.decode(Int.self, forKey: key))
                }
            }
        }
        let json = Bytes(#"{"left":{"a":1,"b":2,"c":3},"right":{"c":30,"b":20,"a":10}}"#)
        #expect(try decoded(Pair.self, json).sums == [33, 22, 11, 11, 22, 33])
    }

    @Test func findsMembersInAnyOrder() throws {
        struct Pair: Decodable, Equatable { let first, second, third: Int }
        let orders = ["first", "second", "third"].flatMap { name in
            [["first", "second", "third"].filter { $0 != name }, ["third", "second", "first"].filter { $0 != name }]
                .map { [name] + $0 }
        }
        for order in orders {
            let members = order.map { #""\#($0)":\#($0.count)"# }.joined(separator: ",")
            let pair = try decoded(Pair.self, Bytes("{\"other\":{\"first\":9},\(members)}"))
            #expect(pair == Pair(first: 5, second: 6, third: 5))
        }
    }

    @Test func findsMembersWhoseNamesAreEscaped() throws {
        #expect(try decoded([String: Int].self, Bytes(#"{"\u0061":1}"#)) == ["a": 1])
    }

    @Test func theFirstOfTwoMembersWithOneNameCounts() throws {
        struct Named: Codable, Equatable { let a: Int }
        #expect(try decoded(Named.self, Bytes(#"{"a":1,"a":2}"#)) == Named(a: 1))
    }

    @Test func theLastValueOfAKeyCounts() throws {
        struct Twice: Encodable {
            enum CodingKeys: CodingKey { case a, b }
            func encode(to encoder: any Encoder) throws {
                var container = encoder.container(keyedBy: CodingKeys.self)
                try container.encode(1, forKey: .b)
                try container.encode(1, forKey: .a)
                try container.encode(2, forKey: .b)
                var again = encoder.container(keyedBy: CodingKeys.self)
                try again.encode(3, forKey: .a)
            }
        }
        #expect(try String(utf8: encoded(Twice())) == #"{"a":3,"b":2}"#)
    }

    @Test func classesCodeTheirSuperclass() throws {
        class Base: Codable { var base = 1 }
        final class Derived: Base {
            var derived = 2
            enum CodingKeys: CodingKey { case derived }
            override init() { super.init() }
            required init(from decoder: any Decoder) throws {
                let container = try decoder.container(keyedBy: CodingKeys.self)
                derived = try container.decode(Int.self, forKey: .derived)
                try super.init(from: container.superDecoder())
            }
            override func encode(to encoder: any Encoder) throws {
                var container = encoder.container(keyedBy: CodingKeys.self)
                try container.encode(derived, forKey: .derived)
                try super.encode(to: container.superEncoder())
            }
        }
        let value = Derived()
        (value.base, value.derived) = (3, 4)
        let json = try encoded(value)
        #expect(String(utf8: json) == #"{"derived":4,"super":{"base":3}}"#)
        let decoded = try decoded(Derived.self, json)
        #expect(decoded.base == 3 && decoded.derived == 4)
    }

    @Test func saysWhereAnElementIsWrong() throws {
        let error = try #require(throws: DecodingError.self) {
            try decoded([String: [Int]].self, Bytes(#"{"a":[1,"x"]}"#))
        }
        guard case .typeMismatch(_, let context) = error else { throw error }
        #expect(context.codingPath.map(\.stringValue) == ["a", "1"])
    }

    @Test func saysTheWayToAValueThroughObjectsAndArrays() throws {
        struct Inner: Decodable { let wanted: [[Bool]] }
        struct Outer: Decodable { let inner: [Inner] }
        let json = Bytes(#"{"before":[{"x":1}],"inner":[{"wanted":[]},{"y":{},"wanted":[[true],[true,false,7]]}]}"#)
        let error = try #require(throws: DecodingError.self) { try decoded(Outer.self, json) }
        guard case .typeMismatch(_, let context) = error else { throw error }
        #expect(context.codingPath.map(\.stringValue) == ["inner", "1", "wanted", "1", "2"])
        #expect(context.codingPath.map(\.intValue) == [nil, 1, nil, 1, 2])
    }

    @Test func saysWhoseMemberIsMissing() throws {
        struct Inner: Decodable { let wanted: Int }
        let error = try #require(throws: DecodingError.self) {
            try decoded([String: Inner].self, Bytes(#"{"a":{"wanted":1},"b":{"other":1}}"#))
        }
        guard case .keyNotFound(let key, let context) = error else { throw error }
        #expect(key.stringValue == "wanted")
        #expect(context.codingPath.map(\.stringValue) == ["b"])
    }

    @Test func nestsAsDeepAsTheLimit() throws {
        func nested(_ depth: Int) -> Bytes {
            Bytes(String(repeating: "[", count: depth) + String(repeating: "]", count: depth))
        }
        #expect(throws: Never.self) { try JSONText(nested(JSONText.depthLimit)) }
        #expect(throws: JSONSyntaxError.self) { try JSONText(nested(JSONText.depthLimit + 1)) }
    }

    private struct SplitMix: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
            return mixed ^ mixed >> 31
        }
    }
}
