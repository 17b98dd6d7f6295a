extension String {
    /// The text without characters that a terminal would act on.
    var terminalSafe: String {
        guard unicodeScalars.contains(where: Self.isControl) else { return self }
        var safe = String.UnicodeScalarView()
        for scalar in unicodeScalars { safe.append(Self.isControl(scalar) ? "\u{FFFD}" : scalar) }
        return String(safe)
    }

    /// At most so many characters, the last one an ellipsis where something is missing.
    func shortened(to length: Int) -> String {
        let end = index(startIndex, offsetBy: length, limitedBy: endIndex) ?? endIndex
        return end == endIndex ? self : String(self[..<index(before: end)]) + "…"
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) || (0x2028...0x202E).contains(scalar.value)
            || (0x2066...0x2069).contains(scalar.value)
    }
}
