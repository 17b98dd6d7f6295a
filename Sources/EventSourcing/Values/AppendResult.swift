/// What an append achieved.
public struct AppendResult: Hashable, Sendable {
    /// The stream's version behind the append.
    public let version: Int
    /// The position of the first event of the append.
    public let firstPosition: Position
    /// The position of the last event of the append.
    public let lastPosition: Position
    /// What the events had survived when the append returned.
    public let durability: Durability

    public init(version: Int, firstPosition: Position, lastPosition: Position, durability: Durability) {
        self.version = version
        self.firstPosition = firstPosition
        self.lastPosition = lastPosition
        self.durability = durability
    }
}

/// What stored data survives.
public enum Durability: Int, Hashable, Sendable, Comparable {
    /// Gone with the process.
    case volatile
    /// Handed to the operating system: survives the process, not a loss of power.
    case written
    /// On the storage device: survives a loss of power.
    case synced

    public static func < (left: Durability, right: Durability) -> Bool {
        left.rawValue < right.rawValue
    }
}
