#if PostgreSQL
/// stub
final class FeedListener: Sendable {
    init(_ options: PostgreSQLOptions, channel: String) {}
}
#endif
