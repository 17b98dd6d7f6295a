#if PostgreSQL
import StrataPostgreSQL
import Testing

@Suite struct LibPQTests {
    @Test func isVersion15OrLater() { #expect(LibPQ.version >= 150_000) }
}
#endif
