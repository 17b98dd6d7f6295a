import Synchronization

private let kept = Atomic<UInt64>(0)

/// Uses a value, so that computing it cannot be left out.
@inline(never)
func keep(_ value: some BinaryInteger) {
    kept.store(UInt64(truncatingIfNeeded: value), ordering: .relaxed)
}
