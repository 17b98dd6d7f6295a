#if JetStream
/// A commit, as later commits of its stream know it.
struct CommitReference: Hashable, Sendable {
    /// Its sequence in JetStream.
    let sequence: UInt64
    /// How many messages the stream's subject had with it.
    let number: Int
    /// The stream's version behind it.
    let version: Int
}

/// Some of a stream's commits, from which every other one is a few steps away.
///
/// The commits form a list with jumps: a skew-binary random-access list (Okasaki, "Purely Functional Data
/// Structures", section 9.3). Each commit keeps the roots of the trees before it, about twice the logarithm of their
/// number at most, so that finding a version takes a logarithmic number of steps without any index.
struct Ancestors: Sendable {
    /// From the newest, which is the commit right before, to the oldest.
    private(set) var roots: [CommitReference] = []

    init(_ roots: [CommitReference] = []) {
        self.roots = roots
    }

    var newest: CommitReference? { roots.first }

    /// The ancestors of a commit behind `commit`, whose own these are.
    func followed(by commit: CommitReference) -> Ancestors {
        let mergesTwo = roots.count >= 2 && weight(0) == weight(1)
        return Ancestors([commit] + roots.dropFirst(mergesTwo ? 2 : 0))
    }

    /// The oldest of them that is not before the commit which holds a version.
    func nearest(to version: Int) -> CommitReference? {
        roots.last { $0.version >= version }
    }

    /// How many commits a root's tree holds.
    private func weight(_ index: Int) -> Int {
        roots[index].number - (index + 1 < roots.count ? roots[index + 1].number : 0)
    }
}
#endif
