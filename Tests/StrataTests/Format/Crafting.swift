import EventSourcing
import Foundation

@testable import Strata

/// What forgers can do: bytes that are wrong, under a checksum that is right.
extension [UInt8] {
    /// A copy with a number at an offset, its lowest byte first.
    func with(_ number: some FixedWidthInteger & BitwiseCopyable, at offset: Int) -> [UInt8] {
        var copy = self
        copy.store(number, at: offset)
        return copy
    }

    /// A segment's header or a manifest under its right checksum.
    var resealed: [UInt8] {
        with(Checksum.crc32c((self[..<12] + self[16...])), at: 12)
    }

    /// A frame's header under its right checksum.
    func resealed(at offset: Int, _ binding: ChecksumBinding) -> [UInt8] {
        with(binding.checksum(of: Array(self[8...]), at: offset), at: 4)
    }

    /// Copies that differ in one bit each.
    var withEachBitFlipped: some Sequence<(bit: Int, bytes: [UInt8])> {
        (0..<count * 8).lazy.map { bit in (bit, with(self[bit / 8] ^ 1 << (bit % 8), at: bit / 8)) }
    }
}

/// Instants at which the fields of a timestamp are at their ends.
let extremeTimestamps = [
    Timestamp.distantPast, .distantFuture, Timestamp(uncheckedSeconds: -1, nanoseconds: 1),
    Timestamp(uncheckedSeconds: 0, nanoseconds: 0),
]

/// Seconds and nanoseconds that are no instant.
let impossibleTimestamps: [(seconds: Int64, nanoseconds: UInt32)] = [
    (Timestamp.distantPast.seconds - 1, 0), (Timestamp.distantFuture.seconds + 1, 0), (.min, 0), (.max, 0),
    (0, 1_000_000_000), (0, .max),
]
