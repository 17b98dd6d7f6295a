#if PostgreSQL
extension Migration {
    /// Functions that take over what another store holds.
    static let importing = Migration(name: "importing") { schema in [importCommit(schema), importRelease(schema)] }
}
#endif
