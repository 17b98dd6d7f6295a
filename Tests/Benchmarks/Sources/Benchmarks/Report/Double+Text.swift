import Foundation

extension Double {
    /// Three digits that count, with groups of thousands.
    var short: String {
        guard isFinite else { return "-" }
        let size = abs(self)
        if size >= 100 { return Int(rounded()).grouped }
        let decimals = size >= 10 ? 1 : size >= 0.1 || size == 0 ? 2 : 4
        return String(format: "%.\(decimals)f", self)
    }
}

extension Int {
    /// The number with groups of thousands.
    var grouped: String {
        var digits = String(magnitude)
        var groups: [Substring] = []
        while digits.count > 3 {
            groups.insert(digits.suffix(3), at: 0)
            digits.removeLast(3)
        }
        return (self < 0 ? "-" : "") + ([Substring(digits)] + groups).joined(separator: ",")
    }
}
