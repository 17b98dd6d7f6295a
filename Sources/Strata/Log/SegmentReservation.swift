/// Room that the active segment's file has ahead of the segment's end, filled with zeros.
///
/// A sync of a file that grows makes its length durable as well, and one of blocks that were never written makes durable that
/// they are: a file system with a journal commits it for that. Where zeros were written before, it has the bytes alone to
/// write (Docs/Decisions/0040-zeros-ahead.md). Room is a gift, not a condition: where there is none, the file grows as it is
/// written. Nothing of it need be durable. After a crash zeros stand behind the last frame, or do not, and opening takes them away.
struct SegmentReservation {
    /// How far ahead of the end, in bytes; 0 for not at all.
    private let step: Int
    /// Up to here the file needs no more room, or no more is asked for.
    private var end = 0
    /// Whether the file may be longer than the segment.
    private var isOpen = false

    init(step: Int) {
        self.step = step
    }

    /// Sees to it that a file has room for what is to be written next, and for more.
    ///
    /// - Parameters:
    ///   - segmentEnd: where the frames end.
    ///   - newEnd: where they will.
    ///   - limit: how long segments become.
    mutating func extend(_ file: StoreFile, behind segmentEnd: Int, through newEnd: Int, upTo limit: Int) {
        guard step > 0, newEnd > end else { return }
        end = max(newEnd, min(newEnd + step, limit))
        isOpen = true
        do {
            try file.extend(to: end)
            // What is long saves less by zeros than it takes to write them.
            if newEnd - segmentEnd <= step / 4 { try file.writeZeros(from: newEnd, to: end) }
        } catch {
            // What room was found is for those who need it; the next step is the time to ask again.
            try? release(file, behind: segmentEnd)
        }
    }

    /// Takes away whatever room is left.
    mutating func release(_ file: StoreFile, behind segmentEnd: Int) throws(StrataError) {
        guard isOpen else { return }
        try file.truncate(to: segmentEnd)
        isOpen = false
    }

    /// Begins anew with a file that ends where its segment ends.
    mutating func forget() {
        isOpen = false
        end = 0
    }
}
