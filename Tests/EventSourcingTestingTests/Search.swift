extension Array {
    /// All elements, those near an index first.
    ///
    /// Faults and requirements stand in the same order of topics, so that what belongs together is found soon.
    func outward(from index: Int) -> [Element] {
        indices.sorted { abs($0 - index) < abs($1 - index) }.map { self[$0] }
    }
}

extension Sequence {
    /// Whether an element meets a condition that takes time to find out.
    func contains(where isMet: (Element) async -> Bool) async -> Bool {
        for element in self where await isMet(element) { return true }
        return false
    }
}
