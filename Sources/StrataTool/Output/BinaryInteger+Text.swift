extension BinaryInteger {
    /// The number with commas between thousands.
    var grouped: String {
        var text = ""
        let digits = String(magnitude)
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { text += "," }
            text.append(digit)
        }
        return (self < 0 ? "-" : "") + text
    }

    /// A number of bytes in the unit that suits it.
    var byteCount: String {
        let units = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
        var size = Double(self)
        guard size >= 1024 else { return "\(self) bytes" }
        var unit = -1
        while size >= 1024, unit + 1 < units.count {
            size /= 1024
            unit += 1
        }
        let tenths = Int((size * 10).rounded())
        return "\(tenths / 10).\(tenths % 10) \(units[unit])"
    }
}
