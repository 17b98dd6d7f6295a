/// The numbers of the file format; `Docs/Format.md` specifies every byte.
package enum Format {
    /// The version that this code writes, and the newest that it reads.
    package static let version: UInt16 = 2
    /// The oldest version that it reads.
    package static let oldestVersion: UInt16 = 1

    /// `STRATSEG` and `STRATMAN`, read as little-endian numbers.
    static let segmentMagic: UInt64 = 0x4745_5354_4152_5453
    static let manifestMagic: UInt64 = 0x4E41_4D54_4152_5453
    /// `SFRM`, read as a little-endian number.
    static let frameMagic: UInt32 = 0x4D52_4653
    /// `SBLK`, read as a little-endian number.
    static let blockMagic: UInt32 = 0x4B4C_4253

    /// `STRATIDX`, read as a little-endian number.
    static let sidecarMagic: UInt64 = 0x5844_4954_4152_5453
    /// A sidecar of another version is made anew.
    static let sidecarVersion: UInt16 = 1
    package static let sidecarHeaderBytes = 304
    /// What one checksum covers in a sidecar.
    package static let sidecarPageBytes = 4096

    /// Frames begin and end at multiples of this.
    static let alignment = 8
    package static let segmentHeaderBytes = 64
    package static let frameHeaderBytes = 88
    static let manifestHeaderBytes = 64
    static let manifestEntryBytes = 64
    static let manifestEntryBytesOfVersion1 = 48
    package static let blockHeaderBytes = 48
    /// The fixed part of an event in a commit's body.
    static let eventHeaderBytes = 48
    static let openBodyBytes = 8
    static let footerBodyBytes = 40
    static let snapshotHeaderBytes = 32

    /// No frame has a longer body, padding included: an append of the largest size with its names and headers.
    static let longestBody = 96 << 20

    /// No block of a compacted segment has longer content: a frame of the longest body.
    static let longestBlock = longestBody + frameHeaderBytes
    /// The compression looks back 64 KiB, and has to see the whole dictionary from the end of a block.
    static let longestDictionary = 60 << 10

    /// No segment is longer, so that a place in it fits into 29 bits.
    static let longestSegment = 1 << 32
    /// No store has more segments of events, so that a segment's place among them fits into 18 bits.
    static let mostSegments = 1 << 18
    /// Positions, versions and the numbers of segments are below this: sums of two of them cannot overflow.
    static let numberLimit = Int.max / 4
    /// Generations of manifests are below this: there is always a next number.
    static let generationLimit: UInt64 = 1 << 62

    static func aligned(_ length: Int) -> Int {
        (length + alignment - 1) & ~(alignment - 1)
    }
}
