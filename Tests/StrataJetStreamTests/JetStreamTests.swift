#if JetStream
import Testing

/// All tests that need servers, one after the other: they share two cores with the servers.
@Suite(.enabled(if: TestServers.areAvailable), .serialized)
struct JetStreamTests {}
#endif
