extension Sequence<Int> {
    /// The sum of files' lengths, or of differences between them; sparse files can claim more than a number holds.
    var saturatingSum: Int {
        reduce(0) { sum, length in
            let (total, overflows) = sum.addingReportingOverflow(length)
            guard overflows else { return total }
            return length < 0 ? .min : .max
        }
    }
}
