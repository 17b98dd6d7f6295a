import ArgumentParser

/// A number of bytes a second, written as people do: `50MB/s`, `8MiB/s`, `1000000`.
struct Bandwidth: ExpressibleByArgument, Hashable, Sendable {
    private static let units: [(suffix: String, bytes: Int)] = [
        ("KIB", 1 << 10), ("MIB", 1 << 20), ("GIB", 1 << 30), ("KB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000),
        ("B", 1), ("", 1),
    ]

    /// At least 1.
    let bytesPerSecond: Int

    init?(argument: String) {
        var text = Substring(argument.uppercased())
        if text.hasSuffix("/S") { text = text.dropLast(2) }
        guard let unit = Self.units.first(where: { text.hasSuffix($0.suffix) }) else { return nil }
        let digits = text.dropLast(unit.suffix.count)
        guard digits.allSatisfy({ "0"..."9" ~= $0 }), let amount = Int(digits), amount > 0 else { return nil }
        let (bytes, overflow) = amount.multipliedReportingOverflow(by: unit.bytes)
        guard !overflow else { return nil }
        bytesPerSecond = bytes
    }
}
