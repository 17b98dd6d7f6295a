package import EventSourcing

/// Appends JSON to a buffer that can be reused: one line, without white space, the members in the order given.
package struct JSONWriter: Sendable {
    package private(set) var bytes: [UInt8] = []
    private var needsComma = false

    package init() {}

    /// Forgets what was written and keeps the buffer.
    package mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        needsComma = false
    }

    /// Ends a line.
    package mutating func newLine() {
        bytes.append(UInt8(ascii: "\n"))
        needsComma = false
    }

    package mutating func beginObject() { begin("{") }
    package mutating func endObject() { end("}") }
    package mutating func beginArray() { begin("[") }
    package mutating func endArray() { end("]") }

    /// Begins a member; its value must follow.
    package mutating func key(_ key: String) {
        string(key)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    package mutating func string(_ text: String) {
        separate()
        JSONEscape.append(text, to: &bytes)
    }

    package mutating func number(_ value: some BinaryInteger) { raw(String(value)) }
    package mutating func boolean(_ value: Bool) { raw(value ? "true" : "false") }
    package mutating func null() { raw("null") }

    /// A member whose value is text.
    package mutating func member(_ key: String, _ text: String) {
        self.key(key)
        string(text)
    }

    /// A member whose value is a whole number.
    package mutating func member(_ key: String, _ value: some BinaryInteger) {
        self.key(key)
        number(value)
    }

    /// A member whose value is true or false.
    package mutating func member(_ key: String, _ value: Bool) {
        self.key(key)
        boolean(value)
    }

    /// A value that is JSON already, as it is.
    package mutating func raw(_ json: Bytes) {
        separate()
        bytes.append(contentsOf: json)
    }

    private mutating func raw(_ json: String) {
        separate()
        bytes.append(contentsOf: json.utf8)
    }

    private mutating func begin(_ bracket: Unicode.Scalar) {
        separate()
        bytes.append(UInt8(ascii: bracket))
        needsComma = false
    }

    private mutating func end(_ bracket: Unicode.Scalar) {
        bytes.append(UInt8(ascii: bracket))
        needsComma = true
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }
}
