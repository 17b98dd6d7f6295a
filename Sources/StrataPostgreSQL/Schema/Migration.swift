#if PostgreSQL
/// One step in the life of a schema. What has been released is never changed; what is needed next is added behind it.
struct Migration: Sendable {
    let name: String
    let statements: @Sendable (PostgreSQLSchema) -> [String]

    /// All steps; the schema's version is how many of them were taken.
    static let all = [events, snapshots, importing]
}
#endif
