/// The aggregate types of a store, each with a number that holds as long as the store is open.
struct TypeTable: ~Copyable {
    private var numbers: [String: UInt32] = [:]
    private(set) var names: [String] = []
    /// The first type of each tag.
    private var numbersByTag: [UInt32: UInt32] = [:]

    /// The number of a type; nil where the log has never named it.
    func number(of name: String) -> UInt32? { numbers[name] }

    /// The number of a type that the log names.
    mutating func add(_ name: String) -> UInt32 {
        if let number = numbers[name] { return number }
        let number = UInt32(names.count)
        names.append(name)
        numbers[name] = number
        let tag = FrameHeader.tag(of: name)
        if numbersByTag[tag] == nil { numbersByTag[tag] = number }
        return number
    }

    /// The name of the first type of a tag; nil where the log names none.
    func name(ofTag tag: UInt32) -> String? { numbersByTag[tag].map { names[Int($0)] } }

    /// The places of a segment's types by their numbers.
    ///
    /// - Precondition: the types were added.
    borrowing func places(of types: [IndexedType]) -> TypePlaces {
        TypePlaces(
            types.enumerated().compactMap { place, type in
                numbers[type.name].map { TypePlaces.Entry(number: $0, place: UInt32(place)) }
            })
    }
}

/// The places of a store's aggregate types among those of a segment. Memory grows with the types that the segment names.
struct TypePlaces: Sendable {
    struct Entry {
        let number: UInt32
        let place: UInt32
    }

    /// By number.
    private let entries: [Entry]

    init(_ entries: [Entry]) {
        self.entries = entries.sorted { $0.number < $1.number }
    }

    /// The numbers of the types by their places.
    var numbers: [Int: UInt32] {
        Dictionary(entries.map { (Int($0.place), $0.number) }) { first, _ in first }
    }

    /// Bytes of memory.
    var memory: Int { entries.capacity * MemoryLayout<Entry>.stride }

    /// The place of a type; nil where the segment does not name it. O(log types of the segment).
    subscript(number: UInt32) -> Int? {
        // Most segments name all types of the store: then a type stands at its number.
        let guess = Int(number)
        if guess < entries.count, entries[guess].number == number { return Int(entries[guess].place) }
        guard
            let found = entries.partitionPoint(where: { $0.number < number }), entries[found].number == number
        else { return nil }
        return Int(entries[found].place)
    }
}
