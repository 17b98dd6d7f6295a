/// How far a copy is.
public struct CopyProgress: Hashable, Sendable {
    /// What it is at.
    public enum Phase: Hashable, Sendable {
        case copying
        /// Everything is copied; new events are waited for.
        case following
        case verifyingSource
        case verifyingDestination
    }

    public let phase: Phase
    /// Events so far, in this phase and this run.
    public let events: Int
    /// How many it will be, about; nil where that cannot be said.
    public let total: Int?
}
