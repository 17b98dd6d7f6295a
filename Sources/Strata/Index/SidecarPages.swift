/// Why a sidecar has no answer.
package enum SidecarFault: Error {
    /// A page was never looked at, and may have to come from the device: ask again where that may block.
    case unverified
    /// The sidecar cannot be trusted: make it anew from its segment.
    case damaged
}

/// Whether a look-up may wait for the device.
package enum SidecarAccess {
    /// Uses pages only that were verified before, and so are most likely in memory.
    case verifiedOnly
    /// Verifies pages at their first use. May block.
    case verifying
}

/// The pages of a sidecar, each verified at its first use.
///
/// Numbers in pages may be any at all, since whoever can write a page can give it its checksum. Each is checked before
/// it leads to another place.
final class SidecarPages: Sendable {
    private static let longest = 1 << 33

    let header: SidecarHeader
    private let mapping: FileMapping
    private let verified: AtomicBits

    /// - Throws: ``SidecarFault/damaged`` where the file does not begin with a header that verifies, or its sections
    ///   cannot hold records.
    init(_ mapping: FileMapping) throws(SidecarFault) {
        guard
            mapping.count <= Self.longest, let header = mapping.withBytes({ SidecarHeader(decoding: $0) }) ?? nil
        else { throw .damaged }
        self.header = header
        self.mapping = mapping
        verified = AtomicBits(count: header.pageCount)
        guard
            hasRecords(.streamDirectory, of: 4, atLeast: 2), hasRecords(.streams, of: SidecarStream.bytes, atLeast: 1),
            hasRecords(.commits, of: 8), hasRecords(.eventDirectory, of: 4, atLeast: 2), hasRecords(.events, of: 8),
            hasRecords(.releases, of: IndexedRelease.bytes), hasRecords(.marks, of: WalkMark.bytes)
        else { throw .damaged }
    }

    private func hasRecords(_ section: SidecarSection, of bytes: Int, atLeast count: Int = 0) -> Bool {
        let length = header.range(of: section).count
        return length.isMultiple(of: bytes) && length / bytes >= count
    }

    /// How many records a section has.
    func count(of section: SidecarSection, _ bytes: Int) -> Int {
        header.range(of: section).count / bytes
    }

    /// Calls `body` with a whole section.
    func withSection<Result>(
        _ section: SidecarSection, _ access: SidecarAccess, _ body: (RawSpan) throws(SidecarFault) -> Result
    ) throws(SidecarFault) -> Result {
        let range = header.range(of: section)
        try verify(range, access)
        guard
            let result = try mapping.withBytes({ file throws(SidecarFault) in try body(file.extracting(range)) })
        else { throw .damaged }
        return result
    }

    /// Gives back the memory that the file takes; what is looked at comes again. A look at one byte can bring in 2 MiB.
    func unload() {
        mapping.unload(0..<mapping.count)
    }

    /// A record of a section.
    @inline(__always)
    func record<Record>(
        _ index: Int, of section: SidecarSection, _ bytes: Int, _ access: SidecarAccess,
        _ decode: (RawSpan) -> Record?
    ) throws(SidecarFault) -> Record {
        let range = header.range(of: section)
        guard index >= 0, index < range.count / bytes else { throw .damaged }
        let start = range.lowerBound + index * bytes
        try verify(start..<start + bytes, access)
        guard
            let record = mapping.withBytes({ decode($0.extracting(start..<start + bytes)) }) ?? nil
        else { throw .damaged }
        return record
    }

    /// A number of a section of numbers.
    @inline(__always)
    func number<Number: FixedWidthInteger & BitwiseCopyable>(
        _ index: Int, of section: SidecarSection, _ access: SidecarAccess, as type: Number.Type = Number.self
    ) throws(SidecarFault) -> Number {
        try record(index, of: section, MemoryLayout<Number>.size, access) { $0.number(at: 0, as: Number.self) }
    }

    /// The records that a directory names for a hash.
    @inline(__always)
    func records(
        of hash: UInt64, in directory: SidecarSection, _ access: SidecarAccess
    ) throws(SidecarFault) -> Range<Int> {
        let place = IndexHash.place(hash, of: count(of: directory, 4) - 1)
        let first: UInt32 = try number(place, of: directory, access)
        let end: UInt32 = try number(place + 1, of: directory, access)
        guard first <= end else { throw .damaged }
        return Int(first)..<Int(end)
    }

    /// Makes sure that the pages of a range are what was written.
    @inline(__always)
    private func verify(_ range: Range<Int>, _ access: SidecarAccess) throws(SidecarFault) {
        guard !range.isEmpty else { return }
        for page in range.lowerBound / Format.sidecarPageBytes...(range.upperBound - 1) / Format.sidecarPageBytes
        where !verified[page] {
            try verifyFirstUse(of: page, access)
        }
    }

    @inline(never)
    private func verifyFirstUse(of page: Int, _ access: SidecarAccess) throws(SidecarFault) {
        guard access == .verifying else { throw .unverified }
        let coverage = header.coverage(ofPage: page)
        let seed = header.binding.seed(ofPage: page)
        let isSound = mapping.withBytes { file in
            Checksum.crc32c(file.extracting(coverage), continuing: seed)
                == SidecarHeader.checksum(ofPage: page, in: file)
        }
        guard isSound == true else { throw .damaged }
        verified.set(page)
    }
}

extension RawSpan {
    /// The records of a section.
    func records<Record>(
        _ bytes: Int, _ decode: (RawSpan) -> Record?
    ) throws(SidecarFault) -> [Record] {
        var records: [Record] = []
        records.reserveCapacity(byteCount / bytes)
        for start in stride(from: 0, to: byteCount - bytes + 1, by: bytes) {
            guard let record = decode(extracting(start..<start + bytes)) else { throw .damaged }
            records.append(record)
        }
        return records
    }
}
