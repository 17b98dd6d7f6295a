public import EventSourcing

/// One append as a line describes it: all of its events or none.
public struct Commit: Hashable, Sendable {
    /// Whose events they are.
    public let stream: StreamID
    /// One or more events, in their order.
    public let events: [NewEvent]
    /// What the stream's version must be.
    public let expectedVersion: ExpectedVersion

    public init(_ events: [NewEvent], to stream: StreamID, expecting expectedVersion: ExpectedVersion = .any) {
        self.events = events
        self.stream = stream
        self.expectedVersion = expectedVersion
    }
}
