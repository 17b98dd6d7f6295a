/// What a medium may do to a file at rest.
package enum BitRot: Hashable, Sendable {
    case flippedBit(offset: Int, bit: Int)
    case byte(offset: Int, value: UInt8)
    case zeroedSector(Int)
    /// One sector shows another one's content.
    case copiedSector(from: Int, to: Int)
    case swappedSectors(Int, Int)
    /// A sector shows what it held before, or what its place held.
    case staleSector(Int, [UInt8])
    case truncation(length: Int)

    /// Whether it may take more than one frame away, and so the end of a log together with the mark that tells of it.
    package var reachesBeyondOneFrame: Bool {
        switch self {
        case .flippedBit, .byte: false
        case .zeroedSector, .copiedSector, .swappedSectors, .staleSector, .truncation: true
        }
    }

    /// Does it; whether that changed anything.
    package func strike(_ bytes: inout [UInt8]) -> Bool {
        let before = bytes
        let sector = UnsyncedOperation.sectorBytes
        func range(_ index: Int) -> Range<Int> { index * sector..<min(bytes.count, (index + 1) * sector) }
        switch self {
        case .flippedBit(let offset, let bit): bytes[offset] ^= 1 << UInt8(bit)
        case .byte(let offset, let value): bytes[offset] = value
        case .zeroedSector(let index):
            bytes.replaceSubrange(range(index), with: repeatElement(0, count: range(index).count))
        case .copiedSector(let from, let to):
            let count = min(range(from).count, range(to).count)
            bytes.replaceSubrange(range(to).prefix(count), with: before[range(from).prefix(count)])
        case .swappedSectors(let first, let second):
            let count = min(range(first).count, range(second).count)
            bytes.replaceSubrange(range(first).prefix(count), with: before[range(second).prefix(count)])
            bytes.replaceSubrange(range(second).prefix(count), with: before[range(first).prefix(count)])
        case .staleSector(let index, let former): bytes.replaceSubrange(range(index), with: former)
        case .truncation(let length): bytes.removeLast(bytes.count - length)
        }
        return !(bytes.count == before.count && bytes.begins(with: before))
    }
}

extension BitRot {
    /// Everything of the kind that can happen to a file: each bit, each byte zero and 0xFF, each sector and pair of
    /// sectors, each sector as it once was, each shorter length.
    package static func all(_ bytes: [UInt8], formerContents: [[UInt8]] = []) -> [BitRot] {
        let sectors = (bytes.count + UnsyncedOperation.sectorBytes - 1) / UnsyncedOperation.sectorBytes
        var all: [BitRot] = []
        for offset in bytes.indices {
            all += (0..<8).map { .flippedBit(offset: offset, bit: $0) }
            all += [.byte(offset: offset, value: 0), .byte(offset: offset, value: 0xFF)]
            all.append(.truncation(length: offset))
        }
        for sector in 0..<sectors {
            all.append(.zeroedSector(sector))
            for other in 0..<sectors where other != sector {
                all.append(.copiedSector(from: other, to: sector))
                if other > sector { all.append(.swappedSectors(sector, other)) }
            }
        }
        return all + staleSectors(bytes, formerContents)
    }

    private static func staleSectors(_ bytes: [UInt8], _ formerContents: [[UInt8]]) -> [BitRot] {
        let size = UnsyncedOperation.sectorBytes
        var stale: Set<BitRot> = []
        for former in formerContents {
            for start in stride(from: 0, to: min(bytes.count, former.count), by: size) {
                let length = min(size, bytes.count - start)
                var sector = Array(former[start..<min(former.count, start + length)])
                sector.setLength(length)
                if !bytes[start..<start + length].elementsEqual(sector) {
                    stale.insert(.staleSector(start / size, sector))
                }
            }
        }
        return stale.sorted { "\($0)" < "\($1)" }
    }
}

extension BitRot: CustomStringConvertible {
    package var description: String {
        switch self {
        case .flippedBit(let offset, let bit): "bit \(bit) flipped at \(offset)"
        case .byte(let offset, let value): "byte at \(offset) is \(value)"
        case .zeroedSector(let sector): "sector \(sector) zeroed"
        case .copiedSector(let from, let to): "sector \(to) shows sector \(from)"
        case .swappedSectors(let first, let second): "sectors \(first) and \(second) swapped"
        case .staleSector(let sector, let bytes): "sector \(sector) is stale: \(bytes)"
        case .truncation(let length): "cut to \(length) bytes"
        }
    }
}
