#if PostgreSQL
import EventSourcing

/// What one statement of a read gave.
struct EventPage {
    let events: [RecordedEvent]
    /// The last version or position there was when the statement ran; nil without rows.
    let last: Int?
    /// Whether a row follows that is too long to come with these.
    let isCut: Bool
}
#endif
