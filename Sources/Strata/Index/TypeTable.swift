/// The aggregate types of a store, each with a number that holds as long as the store is open.
struct TypeTable: ~Copyable {
    private var numbers: [String: UInt32] = [:]
    private(set) var names: [String] = []

    /// The number of a type; nil where the log has never named it.
    func number(of name: String) -> UInt32? { numbers[name] }

    /// The number of a type that the log names.
    mutating func add(_ name: String) -> UInt32 {
        if let number = numbers[name] { return number }
        let number = UInt32(names.count)
        names.append(name)
        numbers[name] = number
        return number
    }

    /// For each number, the place of its type among a segment's types.
    ///
    /// - Precondition: the types were added.
    borrowing func places(of types: [IndexedType]) -> [Int?] {
        var places: [Int?] = []
        for (place, type) in types.enumerated() {
            guard let number = numbers[type.name].map(Int.init) else { continue }
            while places.count <= number { places.append(nil) }
            places[number] = place
        }
        return places
    }
}
