import EventSourcing
import Foundation
import Testing

struct EventStoreErrorTests {
    private let stream = StreamID("Order", UUID())

    @Test func aConflictCarriesBothVersions() {
        let error = EventStoreError.conflict(in: stream, expected: .exactly(3), actual: 5)
        #expect((error.code, error.expectedVersion, error.actualVersion) == (.versionConflict, .exactly(3), 5))
    }

    @Test func aConflictIsSaidInOneLine() {
        let error = EventStoreError.conflict(in: stream, expected: .exactly(3), actual: 5)
        #expect(error.description == "version_conflict: expected 3, but the stream is at version 5 (stream \(stream))")
    }

    @Test func aDuplicateCarriesTheEventID() {
        let id = UUID()
        let error = EventStoreError.duplicate(eventID: id, in: stream)
        #expect((error.code, error.eventID) == (.duplicateEventID, id))
    }

    @Test func aTreeShowsTheCause() {
        let cause = EventStoreError(.ioFailure, "the disk is gone")
        let tree = EventStoreError(.outcomeUnknown, "the append may be stored", cause: cause).debugDescription
        #expect(tree.split(separator: "\n").first == "EventStoreError: outcome_unknown")
        #expect(tree.contains("└ cause: EventStoreError: io_failure\n  ├ message: the disk is gone"))
    }

    @Test func knowsWhereItWasMade() {
        #expect(EventStoreError(.closed, "closed").location.fileID == #fileID)
    }
}
