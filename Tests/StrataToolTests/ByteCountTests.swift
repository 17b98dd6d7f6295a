import Testing

@testable import StrataTool

@Suite("A number of bytes on the command line")
struct ByteCountTests {
    @Test(
        "is a number with a unit",
        arguments: [
            ("50MB/s", 50_000_000), ("8MiB/s", 8 << 20), ("1000", 1_000), ("3KB", 3_000),
            ("2gib", 2 << 30), ("7B/s", 7), ("1KiB", 1_024),
        ])
    func valid(text: String, bytesPerSecond: Int) {
        #expect(Bandwidth(argument: text)?.bytesPerSecond == bytesPerSecond)
    }

    @Test(
        "is refused where it is none",
        arguments: ["", "0", "-5MB/s", "MB/s", "fast", "1.5MB", "5 MB", "1e9", "9999999999GiB", "５MB"])
    func invalid(text: String) {
        #expect(Bandwidth(argument: text) == nil)
        #expect(ByteCount(argument: text) == nil)
    }

    @Test("is shown as it is written", arguments: ["64KiB", "64MiB", "2GiB", "1000"])
    func roundTrip(text: String) {
        #expect(ByteCount(argument: text)?.description == text)
    }
}
