#if !JetStream
/// Not part of this build.
@available(*, unavailable, message: "enable the trait JetStream of the package strata to use this module")
public enum JetStreamEventStore {}
#endif
