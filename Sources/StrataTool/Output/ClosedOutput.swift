/// Whoever reads the output has gone: a reason to end quietly.
struct ClosedOutput: Error {}
