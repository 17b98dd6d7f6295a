package import EventSourcing

/// Which segments make up the store's log.
package struct Manifest: Hashable, Sendable {
    package var storeID: UInt128
    /// Grows by one with every replacement.
    package var generation: UInt64
    package var createdAt: Timestamp
    /// In the order of their positions.
    package var sealed: [SealedSegment]
    /// The first position of the segment that is appended to.
    package var active: UInt64
    /// The format version of the bytes that it was read from; it is always written in the newest.
    package let formatVersion: UInt16

    package init(
        storeID: UInt128, generation: UInt64, createdAt: Timestamp, sealed: [SealedSegment], active: UInt64,
        formatVersion: UInt16 = Format.version
    ) {
        self.formatVersion = formatVersion
        self.storeID = storeID
        self.generation = generation
        self.createdAt = createdAt
        self.sealed = sealed
        self.active = active
    }

    /// The same in the next generation; nil where a reader would refuse it.
    func successor() -> Manifest? {
        guard generation < Format.generationLimit - 1 else { return nil }
        return Manifest(
            storeID: storeID, generation: generation + 1, createdAt: createdAt, sealed: sealed, active: active)
    }

    package func encoded() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Format.manifestHeaderBytes + sealed.count * Format.manifestEntryBytes)
        bytes.append(number: Format.manifestMagic)
        bytes.append(number: Format.version)
        bytes.append(number: UInt16(0))
        bytes.append(number: UInt32(0))
        bytes.append(number: storeID.bigEndian)
        bytes.append(number: generation)
        bytes.append(number: createdAt.seconds)
        bytes.append(number: createdAt.nanoseconds)
        bytes.append(number: UInt32(sealed.count))
        bytes.append(number: active)
        for segment in sealed { segment.encode(into: &bytes) }
        bytes.store(Self.checksum(of: bytes.span.bytes), at: 12)
        return bytes
    }

    /// Reads a manifest.
    ///
    /// - Throws: what is wrong with it. Segments that are out of order or overlap are an invalid field.
    package init(decoding bytes: RawSpan) throws(FormatError) {
        guard bytes.byteCount >= Format.manifestHeaderBytes else { throw .truncated }
        guard bytes.number(at: 0, as: UInt64.self) == Format.manifestMagic else { throw .wrongMagic }
        // The checksum comes first: a damaged version is damage, not a newer program's.
        guard bytes.number(at: 12, as: UInt32.self) == Self.checksum(of: bytes) else { throw .wrongChecksum }
        let version = bytes.number(at: 8, as: UInt16.self)
        guard version <= Format.version else { throw .newerVersion(Int(version)) }
        let count = Int(bytes.number(at: 52, as: UInt32.self))
        let entryBytes = version == 1 ? Format.manifestEntryBytesOfVersion1 : Format.manifestEntryBytes
        let generation = bytes.number(at: 32, as: UInt64.self)
        guard
            version >= Format.oldestVersion, generation < Format.generationLimit,
            bytes.number(at: 10, as: UInt16.self) == 0, count < Format.mostSegments,
            bytes.byteCount == Format.manifestHeaderBytes + count * entryBytes,
            let createdAt = Timestamp(seconds: bytes.number(at: 40), nanoseconds: bytes.number(at: 48))
        else { throw .invalidField }
        var sealed: [SealedSegment] = []
        sealed.reserveCapacity(count)
        var previousLast: UInt64 = 0
        for index in 0..<count {
            let start = Format.manifestHeaderBytes + index * entryBytes
            let entry = bytes.extracting(start..<start + entryBytes)
            guard
                let segment = version == 1 ? SealedSegment(version1: entry) : SealedSegment(decoding: entry),
                segment.firstPosition > previousLast, segment.generation <= generation
            else { throw .invalidField }
            previousLast = segment.lastPosition
            sealed.append(segment)
        }
        let active = bytes.number(at: 56, as: UInt64.self)
        guard active > previousLast, active < UInt64(Format.numberLimit) else { throw .invalidField }
        self.init(
            storeID: UInt128(bigEndian: bytes.number(at: 16, as: UInt128.self).littleEndian),
            generation: generation, createdAt: createdAt, sealed: sealed, active: active, formatVersion: version)
    }

    private static func checksum(of bytes: RawSpan) -> UInt32 {
        Checksum.crc32c(
            bytes.extracting(16..<bytes.byteCount), continuing: Checksum.crc32c(bytes.extracting(0..<12)))
    }
}
