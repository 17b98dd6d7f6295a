/// A text that is being decoded, and how far the members of its objects were asked for.
final class JSONSource {
    /// An object whose members are asked for.
    private struct OpenObject {
        /// Its token.
        let index: Int
        /// What its members are asked for with.
        var keyType: any CodingKey.Type = JSONKey.self
        /// The key at which the search for the next member begins; 0 where none was found yet.
        var nextKey = 0
    }

    let text: JSONText
    /// Of a text that holds the values of an enum's case: the case's name. See ``JSONCaseContainer``.
    let caseName: String?
    @exclusivity(unchecked) private var current = OpenObject(index: 0)
    /// The objects that were left for one inside them, from the outermost.
    @exclusivity(unchecked) private var enclosing: [OpenObject] = []

    init(_ text: JSONText, caseName: String? = nil) {
        self.text = text
        self.caseName = caseName
    }

    /// The members of an object.
    func members<Key: CodingKey>(at index: Int, keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard text.tokens[index].kind == .object else { throw mismatch([String: Any].self, at: index) }
        enter(index)
        current.keyType = type
        return KeyedDecodingContainer(JSONObjectContainer<Key>(source: self, index: index))
    }

    /// The index of the value of an object's member; nil where it has none of that name.
    ///
    /// Members are mostly asked for in the order in which they stand, so the search begins behind the member that was
    /// found before. Of two with the same name the first from there on counts.
    func member(_ name: String, of object: Int) -> Int? {
        enter(object)
        var name = name
        // Safe: the pointer is used only during the call.
        return name.withUTF8 { member(named: $0.span) }
    }

    private func member(named name: borrowing Span<UInt8>) -> Int? {
        let first = current.index + 1
        let end = Int(text.tokens[current.index].next)
        guard first < end else { return nil }
        let start = current.nextKey < first || current.nextKey == end ? first : current.nextKey
        var index = start
        repeat {
            let value = index + 1
            let next = Int(text.tokens[value].next)
            if text.isName(text.tokens[index], name) {
                current.nextKey = next
                return value
            }
            index = next < end ? next : first
        } while index != start
        return nil
    }

    /// Goes on with the members of an object.
    private func enter(_ object: Int) {
        guard object != current.index else { return }
        if isObject(object, in: current) {
            enclosing.append(current)
        } else {
            while let last = enclosing.last, !isObject(object, in: last) { enclosing.removeLast() }
        }
        if let last = enclosing.last, last.index == object {
            current = enclosing.removeLast()
        } else {
            current = OpenObject(index: object)
        }
    }

    /// Whether an object is another one, or inside it.
    private func isObject(_ object: Int, in other: OpenObject) -> Bool {
        object >= other.index && object < Int(text.tokens[other.index].next)
    }
}

// MARK: Paths

extension JSONSource {
    /// The keys that lead from the whole to a value. O(n) in the text before it.
    func path(to index: Int) -> [any CodingKey] {
        var path: [any CodingKey] = []
        var parent = 0
        while parent != index {
            let isObject = text.tokens[parent].kind == .object
            var position = 0
            var child = parent + 1
            while Int(text.tokens[isObject ? child + 1 : child].next) <= index {
                child = Int(text.tokens[isObject ? child + 1 : child].next)
                position += 1
            }
            path.append(isObject ? key(at: child, of: parent) : JSONKey.index(position))
            parent = isObject ? child + 1 : child
        }
        return path
    }

    /// A member's key, of the type that is asked with where that is known.
    private func key(at index: Int, of object: Int) -> any CodingKey {
        let name = text.string(text.tokens[index]) ?? ""
        let open = (enclosing + [current]).last { $0.index == object }
        return open?.keyType.init(stringValue: name) ?? JSONKey.name(name)
    }
}
