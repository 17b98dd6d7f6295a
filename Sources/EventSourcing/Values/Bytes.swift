/// An immutable run of bytes that shares its storage with whatever it was cut from.
///
/// Cutting a slice costs no allocation and no copy: a store reads many events into one buffer and hands out slices
/// of it. A slice keeps the whole buffer alive; make a copy with `Bytes(Array(slice))` to keep a small part of a
/// large read for long.
public struct Bytes: Sendable {
    @usableFromInline let storage: [UInt8]
    @usableFromInline let lowerBound: UInt32
    @usableFromInline let length: UInt32

    /// No bytes.
    public init() {
        self.init([])
    }

    /// The bytes of an array, without a copy.
    ///
    /// - Precondition: the array holds less than 4 GiB.
    public init(_ array: [UInt8]) {
        storage = array
        lowerBound = 0
        length = UInt32(array.count)
    }

    /// A copy of any sequence of bytes.
    public init(copying bytes: some Sequence<UInt8>) {
        self.init(Array(bytes))
    }

    /// A copy of the bytes that a span shows.
    public init(copying span: RawSpan) {
        self.init(span.withUnsafeBytes { Array($0) })
    }

    /// The UTF-8 of a string.
    public init(_ string: String) {
        self.init(Array(string.utf8))
    }

    @inlinable
    init(storage: [UInt8], lowerBound: Int, count: Int) {
        self.storage = storage
        self.lowerBound = UInt32(lowerBound)
        self.length = UInt32(count)
    }

    /// Where in the storage the bytes begin.
    var offset: Int { Int(lowerBound) }

    /// The part between two offsets of these bytes. O(1).
    ///
    /// - Precondition: `range` lies within `0..<count`.
    @inlinable
    public func slice(_ range: Range<Int>) -> Bytes {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "slice out of bounds")
        return Bytes(storage: storage, lowerBound: Int(lowerBound) + range.lowerBound, count: range.count)
    }

    /// Calls `body` with a view of the bytes.
    @inlinable
    public func withSpan<Result, Failure: Error>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let lower = Int(lowerBound)
        return try body(storage.span.bytes.extracting(lower..<lower + Int(length)))
    }
}

extension Bytes: RandomAccessCollection {
    @inlinable public var startIndex: Int { 0 }
    @inlinable public var endIndex: Int { Int(length) }
    @inlinable public var count: Int { Int(length) }

    @inlinable
    public subscript(index: Int) -> UInt8 {
        precondition(index >= 0 && index < count, "index out of bounds")
        return storage[Int(lowerBound) + index]
    }

    @inlinable
    public func withContiguousStorageIfAvailable<Result>(
        _ body: (UnsafeBufferPointer<UInt8>) throws -> Result
    ) rethrows -> Result? {
        try storage.withUnsafeBufferPointer { buffer in
            try body(UnsafeBufferPointer(rebasing: buffer[Int(lowerBound)..<Int(lowerBound) + count]))
        }
    }
}

extension Bytes: Hashable {
    public static func == (left: Bytes, right: Bytes) -> Bool {
        guard left.length == right.length else { return false }
        return left.withSpan { left in
            right.withSpan { right in
                left.withUnsafeBytes { left in right.withUnsafeBytes { right in left.elementsEqual(right) } }
            }
        }
    }

    public func hash(into hasher: inout Hasher) {
        withSpan { span in span.withUnsafeBytes { hasher.combine(bytes: $0) } }
        hasher.combine(length)
    }
}

extension Bytes: CustomStringConvertible {
    /// Says how many there are; never what they are, because payloads must not end up in logs.
    public var description: String { "\(count) bytes" }
}

extension String {
    /// The text of UTF-8 bytes, or nil where they are not valid UTF-8.
    public init?(utf8 bytes: Bytes) {
        guard
            let text = bytes.withContiguousStorageIfAvailable({ String(validating: $0, as: UTF8.self) }),
            let text
        else { return nil }
        self = text
    }
}
