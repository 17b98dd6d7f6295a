package import EventSourcing

/// The first 64 bytes of a segment file.
package struct SegmentHeader: Hashable, Sendable {
    package var kind: SegmentKind
    package var storeID: UInt128
    /// The first position of a segment of events; the number of a segment of snapshots.
    package var number: UInt64
    /// The epoch of the writer that made the file; of a compacted segment its generation, which is the epoch of all its
    /// frames, too.
    package var epoch: UInt64
    package var createdAt: Timestamp
    /// The format version of the file.
    package let formatVersion: UInt16

    package init(
        kind: SegmentKind, storeID: UInt128, number: UInt64, epoch: UInt64, createdAt: Timestamp,
        formatVersion: UInt16 = Format.version
    ) {
        self.kind = kind
        self.storeID = storeID
        self.number = number
        self.epoch = epoch
        self.createdAt = createdAt
        self.formatVersion = formatVersion
    }

    package var binding: ChecksumBinding {
        ChecksumBinding(storeID: storeID, kind: kind, number: number, generation: epoch)
    }

    package func encoded() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Format.segmentHeaderBytes)
        bytes.append(number: Format.segmentMagic)
        bytes.append(number: formatVersion)
        bytes.append(kind.rawValue)
        bytes.append(0)
        bytes.append(number: UInt32(0))
        bytes.append(number: storeID.bigEndian)
        bytes.append(number: number)
        bytes.append(number: epoch)
        bytes.append(number: createdAt.seconds)
        bytes.append(number: createdAt.nanoseconds)
        bytes.append(number: UInt32(0))
        bytes.store(Self.checksum(of: bytes.span.bytes), at: 12)
        return bytes
    }

    /// Reads a segment's header.
    ///
    /// - Throws: what is wrong with it.
    package init(decoding bytes: RawSpan) throws(FormatError) {
        guard bytes.byteCount >= Format.segmentHeaderBytes else { throw .truncated }
        guard bytes.number(at: 0, as: UInt64.self) == Format.segmentMagic else { throw .wrongMagic }
        // The checksum comes first: a damaged version is damage, not a newer program's.
        guard bytes.number(at: 12, as: UInt32.self) == Self.checksum(of: bytes) else { throw .wrongChecksum }
        let version = bytes.number(at: 8, as: UInt16.self)
        guard version <= Format.version else { throw .newerVersion(Int(version)) }
        let number = bytes.number(at: 32, as: UInt64.self)
        guard
            version >= Format.oldestVersion, let kind = SegmentKind(rawValue: bytes.number(at: 10)),
            version > 1 || kind != .compacted,
            let createdAt = Timestamp(seconds: bytes.number(at: 48), nanoseconds: bytes.number(at: 56)),
            (1..<UInt64(Format.numberLimit)).contains(number),
            bytes.number(at: 11, as: UInt8.self) == 0, bytes.number(at: 60, as: UInt32.self) == 0
        else { throw .invalidField }
        self.init(
            kind: kind, storeID: UInt128(bigEndian: bytes.number(at: 16, as: UInt128.self).littleEndian),
            number: number, epoch: bytes.number(at: 40), createdAt: createdAt, formatVersion: version)
    }

    private static func checksum(of bytes: RawSpan) -> UInt32 {
        Checksum.crc32c(
            bytes.extracting(16..<Format.segmentHeaderBytes), continuing: Checksum.crc32c(bytes.extracting(0..<12)))
    }
}

/// Why bytes are not what the format says they should be.
package enum FormatError: Error, Hashable, Sendable {
    case truncated
    case wrongMagic
    case newerVersion(Int)
    case wrongChecksum
    case invalidField

    package var reason: String {
        switch self {
        case .truncated: "it ends too early"
        case .wrongMagic: "it does not begin as such a file does"
        case .newerVersion(let version):
            "it has format version \(version), and this program knows versions up to \(Format.version)"
        case .wrongChecksum: "its checksum does not match"
        case .invalidField: "a field has a value that cannot be"
        }
    }
}
