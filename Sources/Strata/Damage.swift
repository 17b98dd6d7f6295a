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

    /// This damage and one right behind it as one; nil where something tells them apart.
    func joined(with next: Damage) -> Damage? {
        guard
            file == next.file, reason == next.reason, offsets.upperBound == next.offset,
            stream == nil, next.stream == nil, versions == nil, next.versions == nil
        else { return nil }
        // Positions between them may be sound.
        if let positions, let others = next.positions,
            others.lowerBound.rawValue > positions.upperBound.rawValue + 1
        {
            return nil
        }
        return Damage(
            file: file, offset: offset, length: length + next.length, reason: reason,
            positions: Self.union(positions, next.positions))
    }

    /// The positions from the lowest to the highest of two ranges, as far as they are known.
    static func union(_ first: ClosedRange<Position>?, _ second: ClosedRange<Position>?) -> ClosedRange<Position>? {
        guard let first, let second else { return first ?? second }
        return min(first.lowerBound, second.lowerBound)...max(first.upperBound, second.upperBound)
    }
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
