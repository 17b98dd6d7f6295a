import EventSourcing

/// Names that were read before, by their bytes: each is checked, and made a string, once.
struct NameTable: Sendable {
    /// So few that a search of them all would be cheap; beyond them the table begins anew.
    static let capacity = 64
    private static let slotCount = 256

    private struct Entry: Sendable {
        let key: NameKey
        let utf8: [UInt8]
        let isAggregateType: Bool
        let isEventType: Bool
        let tag: UInt32
    }

    private(set) var names: [String] = []
    /// How often a name was added.
    private(set) var additions = 0
    /// How often the table began anew, and places of before lost their sense.
    private(set) var generation = 0
    private var entries: [Entry] = []
    /// The place of an entry plus one; 0 where there is none. A later name takes an earlier one's slot.
    private var slots: [UInt8] = []

    /// The place of an aggregate type among the names; nil where the bytes cannot be one that the tag was made of.
    @inline(__always)
    mutating func aggregateType(_ utf8: RawSpan, tag: UInt32) -> Int? {
        let place = place(of: utf8)
        return entries[place].isAggregateType && entries[place].tag == tag ? place : nil
    }

    /// The place of an event type among the names; nil where the bytes cannot be one.
    @inline(__always)
    mutating func eventType(_ utf8: RawSpan) -> Int? {
        let place = place(of: utf8)
        return entries[place].isEventType ? place : nil
    }

    @inline(__always)
    private mutating func place(of utf8: RawSpan) -> Int {
        let key = NameKey(utf8)
        if !slots.isEmpty {
            let found = Int(slots[key.slot(of: Self.slotCount)])
            if found > 0, entries[found - 1].key == key, key.isWhole || utf8.isEqual(to: entries[found - 1].utf8) {
                return found - 1
            }
        }
        return add(utf8, key)
    }

    @inline(never)
    private mutating func add(_ utf8: RawSpan, _ key: NameKey) -> Int {
        if let known = entries.firstIndex(where: { $0.key == key && utf8.isEqual(to: $0.utf8) }) {
            slots[key.slot(of: Self.slotCount)] = UInt8(known + 1)
            return known
        }
        if entries.count == Self.capacity || slots.isEmpty {
            (names, entries, slots) = ([], [], Array(repeating: 0, count: Self.slotCount))
            generation += 1
        }
        // Safe: the pointer is used only during the call.
        let copy = utf8.withUnsafeBytes { Array($0) }
        entries.append(
            Entry(
                key: key, utf8: copy, isAggregateType: utf8.isAggregateType, isEventType: utf8.isEventType,
                tag: Checksum.crc32c(utf8)))
        // Bytes that are no text are remembered, too, and are no name.
        names.append(utf8.text ?? "")
        slots[key.slot(of: Self.slotCount)] = UInt8(entries.count)
        additions += 1
        return entries.count - 1
    }
}

/// What tells most names apart: length, first and last bytes.
private struct NameKey: Equatable, Sendable {
    let length: Int
    let first: UInt64
    let last: UInt64

    @inline(__always)
    init(_ utf8: RawSpan) {
        length = utf8.byteCount
        switch length {
        case 0: (first, last) = (0, 0)
        case 1..<4:
            // The three are all there are.
            first =
                UInt64(utf8.number(at: 0, as: UInt8.self)) | UInt64(utf8.number(at: length / 2, as: UInt8.self)) << 8
                | UInt64(utf8.number(at: length - 1, as: UInt8.self)) << 16
            last = 0
        case 4..<8:
            first = UInt64(utf8.number(at: 0, as: UInt32.self))
            last = UInt64(utf8.number(at: length - 4, as: UInt32.self))
        default:
            first = utf8.number(at: 0)
            last = utf8.number(at: length - 8)
        }
    }

    /// Whether two names with the same key are the same.
    var isWhole: Bool { length <= 16 }

    @inline(__always)
    func slot(of count: Int) -> Int {
        let mixed = (first ^ last &* 0x9E37_79B9_7F4A_7C15 ^ UInt64(length)) &* 0xD6E8_FEB8_6659_FD93
        return IndexHash.place(mixed, of: count)
    }
}
