import EventSourcing
import Foundation
import Testing

struct TimestampTests {
    @Test(arguments: [
        "1970-01-01T00:00:00Z": 0,
        "1970-01-01T00:00:01Z": 1,
        "1969-12-31T23:59:59Z": -1,
        "2024-05-17T12:34:56Z": 1_715_949_296,
        "2000-02-29T00:00:00Z": 951_782_400,
        "1900-03-01T00:00:00Z": -2_203_891_200,
        "0001-01-01T00:00:00Z": -62_135_596_800,
        "9999-12-31T23:59:59Z": 253_402_300_799,
    ])
    func readsAndWritesTheSecondsSince1970(text: String, seconds: Int64) throws {
        let instant = try #require(Timestamp(rfc3339: text))
        #expect(instant.seconds == seconds)
        #expect(instant.description == text)
    }

    @Test(arguments: [
        "2024-05-17T14:34:56+02:00", "2024-05-17T12:34:56+00:00", "2024-05-17T12:34:56-00:00",
        "2024-05-17T05:04:56-07:30", "2024-05-18T12:33:56+23:59", "2024-05-16T12:35:56-23:59",
        "2024-05-17t12:34:56z", "2024-05-17 12:34:56Z", "2024-05-17T12:34:56.000Z",
    ])
    func readsAnyOffsetAndSeparator(text: String) {
        #expect(Timestamp(rfc3339: text)?.description == "2024-05-17T12:34:56Z")
    }

    @Test(arguments: [
        "1": 100_000_000, "12": 120_000_000, "123": 123_000_000, "000001": 1_000, "123456789": 123_456_789,
        "000000001": 1, "999999999": 999_999_999,
    ])
    func readsUpToNineDigitsOfASecond(digits: String, nanoseconds: UInt32) {
        #expect(Timestamp(rfc3339: "2024-05-17T12:34:56.\(digits)Z")?.nanoseconds == nanoseconds)
    }

    @Test(
        arguments: [
            (0, ""), (500_000_000, ".500"), (123_000_000, ".123"), (123_456_000, ".123456"), (1_000, ".000001"),
            (123_456_789, ".123456789"), (1, ".000000001"),
        ] as [(UInt32, String)])
    func writesAsManyDigitsAsNeeded(nanoseconds: UInt32, digits: String) {
        #expect(Timestamp(seconds: 0, nanoseconds: nanoseconds)?.description == "1970-01-01T00:00:00\(digits)Z")
    }

    @Test func aLeapSecondCountsAsTheNextMinute() {
        #expect(Timestamp(rfc3339: "2016-12-31T23:59:60.5Z")?.description == "2017-01-01T00:00:00Z")
    }

    @Test(arguments: [2000, 2004, 2024, 2400, 1600])
    func aLeapYearHasTheTwentyNinthOfFebruary(year: Int) {
        #expect(Timestamp(rfc3339: "\(year)-02-29T00:00:00Z") != nil)
    }

    @Test(arguments: [1900, 2001, 2023, 2100, 2200])
    func aCommonYearHasNoTwentyNinthOfFebruary(year: Int) {
        #expect(Timestamp(rfc3339: "\(year)-02-29T00:00:00Z") == nil)
    }

    @Test(arguments: [
        "", "2024", "2024-05-17", "2024-05-17T12:34:56", "2024-05-17T12:34Z", "2024-5-17T12:34:56Z",
        "2024-13-01T00:00:00Z", "2024-00-01T00:00:00Z", "2024-04-31T00:00:00Z", "2024-01-00T00:00:00Z",
        "2024-01-32T00:00:00Z", "2024-01-01T24:00:00Z", "2024-01-01T00:60:00Z", "2024-01-01T00:00:61Z",
        "2024-05-17T12:34:56.Z", "2024-05-17T12:34:56.1234567890Z", "2024-05-17T12:34:56,5Z",
        "2024-05-17T12:34:56+24:00", "2024-05-17T12:34:56+02:60", "2024-05-17T12:34:56+0200",
        "2024-05-17T12:34:56+02", "2024-05-17T12:34:56ZZ", " 2024-05-17T12:34:56Z", "2024-05-17X12:34:56Z",
        "-024-05-17T12:34:56Z", "+2024-05-17T12:34:56Z", "２０２４-05-17T12:34:56Z", "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01", "9999-12-31T23:59:60Z",
    ])
    func refusesWhatIsNoDateAndTime(text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    @Test(
        arguments: [
            (-62_135_596_801, 0), (253_402_300_800, 0), (0, 1_000_000_000), (.min, 0), (.max, 0),
        ] as [(Int64, UInt32)])
    func refusesWhatCannotBeExpressed(seconds: Int64, nanoseconds: UInt32) {
        #expect(Timestamp(seconds: seconds, nanoseconds: nanoseconds) == nil)
    }

    @Test(arguments: [1, 2, 3, 0x5EED])
    func comesBackFromItsText(seed: UInt64) {
        var random = SeededRandomness(seed: seed)
        for _ in 1...2_000 {
            let seconds = Int64.random(
                in: Timestamp.distantPast.seconds...Timestamp.distantFuture.seconds, using: &random)
            let nanoseconds = UInt32.random(in: 0..<1_000_000_000, using: &random)
            let instant = Timestamp(seconds: seconds, nanoseconds: nanoseconds)
            #expect(instant != nil && instant == Timestamp(rfc3339: instant?.description ?? ""), "seed \(seed)")
        }
    }

    @Test(arguments: [7, 8])
    func agreesWithFoundation(seed: UInt64) throws {
        var random = SeededRandomness(seed: seed)
        let style = Date.ISO8601FormatStyle()
        for _ in 1...200 {
            let instant = try #require(
                Timestamp(seconds: .random(in: -2_000_000_000...9_000_000_000, using: &random), nanoseconds: 0))
            #expect(instant.date.formatted(style) == instant.description, "seed \(seed)")
        }
    }

    @Test func comparesSecondsBeforeNanoseconds() throws {
        let instants = try [(-1, 999_999_999), (0, 0), (0, 1), (1, 0)].map {
            try #require(Timestamp(seconds: $0.0, nanoseconds: $0.1))
        }
        #expect(instants == instants.reversed().sorted())
    }

    @Test(arguments: [-1.5: (-2, 500_000_000), 0: (0, 0), 1.25: (1, 250_000_000), -0.25: (-1, 750_000_000)])
    func isMadeFromADate(interval: Double, parts: (Int64, UInt32)) {
        let instant = Timestamp(Date(timeIntervalSince1970: interval))
        #expect((instant.seconds, instant.nanoseconds) == parts)
    }

    @Test func aDateOutOfRangeBecomesTheNearestEnd() {
        #expect(Timestamp(Date(timeIntervalSince1970: -1e15)) == .distantPast)
        #expect(Timestamp(Date(timeIntervalSince1970: 1e15)) == .distantFuture)
        #expect(Timestamp(Date(timeIntervalSince1970: .nan)) == .distantPast)
        #expect(Timestamp(Date(timeIntervalSince1970: .infinity)) == .distantFuture)
    }

    @Test func isAStringInJSON() throws {
        let instant = try #require(Timestamp(rfc3339: "2024-05-17T12:34:56.789Z"))
        let json = try JSONEncoder().encode([instant])
        #expect(String(decoding: json, as: UTF8.self) == #"["2024-05-17T12:34:56.789Z"]"#)
        #expect(try JSONDecoder().decode([Timestamp].self, from: json) == [instant])
    }

    @Test func refusesOtherStringsInJSON() {
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode([Timestamp].self, from: Data(#"["yesterday"]"#.utf8))
        }
    }
}
