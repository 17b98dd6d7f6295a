import EventSourcing
import Strata
import StrataTesting

extension FuzzTarget {
    /// A manifest behind one byte: 1 repairs its checksum, 2 makes it as many segments long as it has room for.
    package static let manifest = FuzzTarget("manifest", .synchronous { try checkManifest($0) })

    /// A block of LZ4 behind one byte that chooses compressing or expanding, and the expanded length in three.
    package static let lz4 = FuzzTarget("lz4", .synchronous { try checkLZ4($0) }, expansionLimit: 255)

    /// Encoded metadata.
    package static let metadata = FuzzTarget("metadata", .synchronous { try checkMetadata($0) })

    private static func checkManifest(_ bytes: [UInt8]) throws(Violation) {
        var input = FuzzInput(bytes)
        let mode = input.byte()
        var file = input.remainder()
        if mode & 2 != 0, file.count >= 64 {
            let entryBytes = file[8] == 1 && file[9] == 0 ? 48 : 64
            file.removeLast((file.count - 64) % entryBytes)
            file.put(UInt32((file.count - 64) / entryBytes), at: 52)
        }
        if mode & 1 != 0 { ChecksumRepair.repairManifest(&file) }
        guard let manifest = try? Manifest(decoding: file.span.bytes) else { return }
        let encoded = manifest.encoded()
        guard manifest.formatVersion == Format.version else {
            let upgraded = try? Manifest(decoding: encoded.span.bytes)
            return try require(
                upgraded?.sealed == manifest.sealed && upgraded?.active == manifest.active,
                "a manifest of an older version is upgraded to another one")
        }
        try require(encoded == file, "a manifest encodes to other bytes")
        var last: UInt64 = 0
        for segment in manifest.sealed {
            try require(segment.firstPosition > last, "sealed segments overlap")
            last = segment.lastPosition
        }
        try require(manifest.active > last, "the active segment begins inside a sealed one")
    }

    private static func checkLZ4(_ bytes: [UInt8]) throws(Violation) {
        var input = FuzzInput(bytes)
        let compresses = input.byte() & 1 != 0
        let length = input.number() | Int(input.byte()) << 16
        let block = input.remainder()
        if compresses {
            guard let compressed = LZ4Block.compress(block.span.bytes) else { return }
            try require(compressed.count < block.count, "a compressed block is not shorter")
            let expanded = LZ4Block.decompress(compressed.span.bytes, length: block.count)
            try require(expanded == block, "a block comes back as another one")
            for other in [block.count - 1, block.count + 1] {
                let expanded = LZ4Block.decompress(compressed.span.bytes, length: other)
                try require(expanded == nil, "a block expands to another length than it has")
            }
        } else {
            let expanded = LZ4Block.decompress(block.span.bytes, length: length)
            try require(expanded.map { $0.count == length } ?? true, "a block expands to another length")
        }
    }

    private static func checkMetadata(_ bytes: [UInt8]) throws(Violation) {
        // What stores hand out without having looked at it.
        let unchecked = EventMetadata(uncheckedEncoded: Bytes(bytes))
        let pairs = unchecked.pairs
        for key in pairs.keys { _ = unchecked[key] }
        _ = (unchecked.correlationID, unchecked.causationID, unchecked.tenantID, unchecked.actor)
        guard let checked = EventMetadata(encoded: Bytes(bytes)) else { return }
        try require(checked == unchecked, "checked metadata is not what was read")
        try require(EventMetadata(pairs).encoded.elementsEqual(bytes), "metadata encodes to other bytes")
        for (key, value) in pairs { try require(checked[key] == value, "a pair has two values") }
    }
}
