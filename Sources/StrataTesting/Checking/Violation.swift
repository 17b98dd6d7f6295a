/// A broken promise that a check has found.
package struct Violation: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}

/// Goes on only where a condition holds.
package func require(_ condition: Bool, _ violation: @autoclosure () -> String) throws(Violation) {
    guard condition else { throw Violation(violation()) }
}
