import Foundation
import Testing

@testable import EventInterchange
@testable import EventSourcing

@Suite("JSON text")
struct JSONTextTests {
    private func accepts(_ json: [UInt8], depthLimit: Int = JSONText.depthLimitOfLine) -> Bool {
        (try? JSONText(Bytes(json), depthLimit: depthLimit)) != nil
    }

    private func text(_ json: String) throws -> String {
        let text = try JSONText(line: Bytes(json))
        return try text.characters(of: text.tokens[0])
    }

    @Test(
        "accepts what RFC 8259 allows",
        arguments: [
            "0", "-0", "1", "-1", "10", "1.5", "1e5", "1E+5", "1e-05", "-0.0e0", "123456789012345678901234567890",
            "true", "false", "null", "\"\"", "\"a\"", "\"é\"", "\"\u{10FFFF}\"", "\"\u{7F}\"", "\"\u{2028}\"",
            #""\"\\\/\b\f\n\r\t\u00e9\uD834\uDD1E""#, #""\uD800""#, "[]", "[ ]", "[1,2]", " [ 1 , 2 ] ", "{}", "{ }",
            #"{"a":1}"#, #"{ "a" : 1 , "b" : [ { } ] }"#, #"{"a":1,"a":2}"#, "\t\r\n 1 \n", #"{"":0}"#,
            "1e999",
        ])
    func accepted(json: String) {
        #expect(accepts(Array(json.utf8)))
    }

    @Test(
        "rejects everything else",
        arguments: [
            "", " ", "01", "-", "-a", "+1", "1.", ".5", "1.e1", "1e", "1e+", "0x1", "NaN", "Infinity", "tru", "truee",
            "True", "nul", "\"", "\"a", "\"\\", "\"\\\"", "\"\\x\"", "\"\\u12\"", "\"\\u12G4\"", "\"\t\"", "\"\u{0}\"",
            "\"\n\"", "'a'", "[", "]", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "[1}", "{", "}", "{\"a\"", "{\"a\":",
            "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{a:1}", "{1:1}", "{\"a\" 1}", "{\"a\":1]", "{\"a\":1 \"b\":2}",
            "1 1", "{}{}", "[] x", "1,", "//", "/* */1", "\u{FEFF}1", "\u{A0}1", "\u{0}", "1\u{0}",
        ])
    func rejected(json: String) {
        #expect(!accepts(Array(json.utf8)))
    }

    @Test(
        "rejects invalid UTF-8 and says where",
        arguments: [
            ([0x22, 0xFF, 0x22], 1), ([0x22, 0xC0, 0x80, 0x22], 1), ([0x22, 0xED, 0xA0, 0x80, 0x22], 1),
            ([0x22, 0x61, 0xC3, 0x22], 2), ([0x22, 0xF4, 0x90, 0x80, 0x80, 0x22], 1), ([0x80], 0),
        ] as [([UInt8], Int)])
    func invalidUTF8(json: [UInt8], offset: Int) {
        #expect(throws: InterchangeError(.invalidUTF8, "not UTF-8", offset: offset)) {
            _ = try JSONText(line: Bytes(json))
        }
    }

    @Test("nests as deep as the limit and no deeper", arguments: [1, 2, 128])
    func depth(limit: Int) {
        func nested(_ depth: Int) -> [UInt8] {
            Array((String(repeating: "[", count: depth) + String(repeating: "]", count: depth)).utf8)
        }
        #expect(accepts(nested(limit), depthLimit: limit))
        #expect(!accepts(nested(limit + 1), depthLimit: limit))
        #expect(!accepts(nested(100_000), depthLimit: limit))
    }

    @Test("gives a value's own bytes, without the white space around it")
    func range() throws {
        let json = Array(" { \"a\" : [ 1 , 2 ] } ".utf8)
        let text = try JSONText(line: Bytes(json))
        #expect(text.tokens[0].kind == .object)
        #expect(text.tokens[0].range == 1..<20)
        let values = text.members(of: text.tokens[0]).map { String(decoding: json[$0.value.range], as: UTF8.self) }
        #expect(values == ["[ 1 , 2 ]"])
    }

    @Test("resolves escapes, surrogate pairs among them")
    func escapes() throws {
        #expect(try text(#""\"\\\/\b\f\n\r\t""#) == "\"\\/\u{8}\u{C}\n\r\t")
        #expect(try text(#""a\u00e9\u0000\uD834\uDD1Ez""#) == "aé\0\u{1D11E}z")
        #expect(try text(#""\uDBFF\uDFFF""#) == "\u{10FFFF}")
    }

    @Test(
        "refuses half a surrogate pair as text",
        arguments: [
            #""\uD834""#, #""\uDD1E""#, #""\uD834\u0041""#, #""\uD834x""#, #""\uD834\n""#, #""\uD834\uD834""#,
            #""\uDD1E\uD834""#,
        ])
    func loneSurrogates(json: String) {
        #expect { try text(json) } throws: { ($0 as? InterchangeError)?.code == .invalidField }
    }

    @Test("agrees with Foundation on mutations of valid texts", arguments: [1, 2, 3, 4] as [UInt64])
    func agreesWithFoundation(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let seeds = [
            #"{"path":"README.md","from":null,"n":[1,-2.5,3e2,true,false],"s":"a\"b\\c\u0041\n"}"#,
            #"[[],{},[{"a":[0]}],"é","",0.1,-1]"#, #"{"a":{"b":{"c":"d"}},"e":[null]}"#,
        ]
        let alphabet = Array(#"{}[]:,"\ truefalsn01259.-+eEu/bx"#.utf8) + [0x0A, 0x09, 0x1F, 0x7F, 0xC3, 0xA9, 0xFF]
        for _ in 0..<4_000 {
            var json = Array(seeds.randomElement(using: &generator)!.utf8)
            for _ in 0..<Int.random(in: 0...3, using: &generator) {
                let index = Int.random(in: 0..<json.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: json[index] = alphabet.randomElement(using: &generator)!
                case 1: json.insert(alphabet.randomElement(using: &generator)!, at: index)
                default: json.remove(at: index)
                }
            }
            guard isComparable(json) else { continue }
            let reference =
                (try? JSONSerialization.jsonObject(with: Data(json), options: .fragmentsAllowed)) != nil
            #expect(
                accepts(json) == reference, "seed \(seed): \(String(decoding: json, as: UTF8.self).debugDescription)")
        }
    }

    /// Foundation also refuses numbers that no Double holds and escaped lone surrogates, and takes a comma at the end.
    private func isComparable(_ json: [UInt8]) -> Bool {
        let text = String(decoding: json, as: UTF8.self)
        return text.firstMatch(of: /[eE][-+]?[0-9]{2,}|[0-9]{15,}|\\u[dD]|,\s*[\]}]/) == nil
    }

    @Test("never traps on arbitrary bytes", arguments: [11, 12] as [UInt64])
    func arbitraryBytes(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<20_000 {
            let count = Int.random(in: 0...40, using: &generator)
            let json = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
            _ = try? Commit(line: json)
            let wrapped = Array("{\"data\":\"".utf8) + json + Array("\"}".utf8)
            _ = try? Commit(line: wrapped)
        }
    }
}
