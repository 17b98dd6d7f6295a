public import EventSourcing

/// A place where stored bytes are not what was written.
public struct Damage: Hashable, Sendable {
    /// The file, relative to the store, such as `events/00000000000000000001.seg`.
    public let file: String
    /// The first byte that cannot be trusted.
    public let offset: Int
    /// How many bytes cannot be trusted; 0 where that is not known or the whole file is meant.
    public let length: Int
    /// What is wrong, in a phrase.
    public let reason: String
    /// The stream that the bytes belong to, where a header that verifies says so.
    public let stream: StreamID?
    /// The versions of that stream that are affected, where known.
    public let versions: ClosedRange<Int>?
    /// The positions that are affected, where known.
    public let positions: ClosedRange<Position>?

    package init(
        file: String, offset: Int, length: Int = 0, reason: String, stream: StreamID? = nil,
        versions: ClosedRange<Int>? = nil, positions: ClosedRange<Position>? = nil
    ) {
        self.file = file
        self.offset = offset
        self.length = length
        self.reason = reason
        self.stream = stream
        self.versions = versions
        self.positions = positions
    }
}

extension Damage {
    /// The bytes that cannot be trusted.
    var offsets: Range<Int> { offset..<offset + length }
}

extension Damage: CustomStringConvertible {
    public var description: String {
        var text = "\(file) at \(offset): \(reason)"
        if length > 0 { text += ", \(length) bytes" }
        if let stream { text += ", stream \(stream)" }
        if let versions { text += ", versions \(versions.lowerBound) to \(versions.upperBound)" }
        if let positions { text += ", positions \(positions.lowerBound) to \(positions.upperBound)" }
        return text
    }
}
