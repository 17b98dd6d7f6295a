#if PostgreSQL
import Testing

/// All tests on servers but the contract, one after the other: together they would ask for more connections than a server
/// has.
@Suite(.serialized, .enabled(if: TestServer.areAvailable), .timeLimit(.minutes(5)))
struct PostgreSQLTests {}
#endif
