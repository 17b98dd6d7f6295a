#if !PostgreSQL
/// Not part of this build.
@available(*, unavailable, message: "enable the trait PostgreSQL of the package strata to use this module")
public enum PostgreSQLEventStore {}
#endif
