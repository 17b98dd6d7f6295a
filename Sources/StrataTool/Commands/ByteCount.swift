import ArgumentParser

/// A number of bytes, written as people do: `64KiB`, `50MB`, `1000000`.
struct ByteCount: ExpressibleByArgument, Hashable, Sendable, CustomStringConvertible {
    private static let units: [(suffix: String, bytes: Int)] = [
        ("KIB", 1 << 10), ("MIB", 1 << 20), ("GIB", 1 << 30), ("KB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000),
        ("B", 1), ("", 1),
    ]

    /// At least 1.
    let bytes: Int

    init(_ bytes: Int) {
        self.bytes = bytes
    }

    init?(argument: String) {
        let text = argument.uppercased()
        guard let unit = Self.units.first(where: { text.hasSuffix($0.suffix) }) else { return nil }
        let digits = text.dropLast(unit.suffix.count)
        guard digits.allSatisfy({ "0"..."9" ~= $0 }), let amount = Int(digits), amount > 0 else { return nil }
        let (bytes, overflow) = amount.multipliedReportingOverflow(by: unit.bytes)
        guard !overflow else { return nil }
        self.bytes = bytes
    }

    var description: String {
        let unit = Self.units[..<3].last { bytes.isMultiple(of: $0.bytes) }
        return unit.map { "\(bytes / $0.bytes)\($0.suffix.replacing("I", with: "i"))" } ?? "\(bytes)"
    }
}

/// A number of bytes a second: a ``ByteCount`` with or without `/s` behind it.
struct Bandwidth: ExpressibleByArgument, Hashable, Sendable {
    let bytesPerSecond: Int

    init?(argument: String) {
        let amount = argument.lowercased().hasSuffix("/s") ? String(argument.dropLast(2)) : argument
        guard let count = ByteCount(argument: amount) else { return nil }
        bytesPerSecond = count.bytes
    }
}
