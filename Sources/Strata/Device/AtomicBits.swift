import Synchronization

/// Bits that any thread may look at and set, each of which stays set.
final class AtomicBits: Sendable {
    // Safe: every access to a word is atomic, and the words stay until the last reference to this object is gone.
    private nonisolated(unsafe) let words: UnsafeMutablePointer<Atomic<UInt64>>
    private let wordCount: Int

    /// Bits that are all clear.
    init(count: Int) {
        wordCount = (count + 63) / 64
        words = .allocate(capacity: max(1, wordCount))
        for index in 0..<wordCount { (words + index).initialize(to: Atomic(0)) }
    }

    deinit {
        words.deinitialize(count: wordCount)
        words.deallocate()
    }

    @inline(__always)
    subscript(index: Int) -> Bool {
        precondition(index >= 0 && index / 64 < wordCount)
        return words[index / 64].load(ordering: .acquiring) >> UInt64(index % 64) & 1 == 1
    }

    func set(_ index: Int) {
        precondition(index >= 0 && index / 64 < wordCount)
        words[index / 64].bitwiseOr(1 << UInt64(index % 64), ordering: .acquiringAndReleasing)
    }
}
