#if PostgreSQL
import CPostgreSQL

/// The client library in use.
public enum LibPQ {
    /// Its version, as `150018`.
    public static var version: Int { Int(PQlibVersion()) }
}
#endif
