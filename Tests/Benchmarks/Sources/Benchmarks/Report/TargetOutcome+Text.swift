extension TargetOutcome {
    /// The bound and what was measured for it, for people.
    var text: String {
        let wanted =
            switch bound {
            case .atLeast(let value): "at least \(value.short)"
            case .atMost(let value): "at most \(value.short)"
            }
        let subject = label.isEmpty ? "" : " \(label)"
        return "\(isMet ? "met" : "missed"): \(wanted)\(subject); "
            + "\(spread.median.short) (\(spread.minimum.short) to \(spread.maximum.short))"
    }
}
