import EventSourcing

/// What a check found wrong; ``ContractRequirement/check(_:)`` makes a ``ContractViolation`` of it.
struct Deviation: Error {
    let message: String
    let cause: (any Error)?

    init(_ message: String, cause: (any Error)? = nil) {
        self.message = message
        self.cause = cause
    }
}

/// Goes on only where a condition holds.
func require(_ condition: Bool, _ message: @autoclosure () -> String) throws(Deviation) {
    guard condition else { throw Deviation(message()) }
}

/// Goes on only where a value is what it should be.
func require<Value: Equatable>(
    _ subject: @autoclosure () -> String, _ found: Value, is expected: Value
) throws(Deviation) {
    guard found == expected else {
        throw Deviation("\(subject()) should be \(spell(expected)), but is \(spell(found))")
    }
}

/// Goes on with the value only where there is one.
func require<Value>(_ subject: @autoclosure () -> String, _ found: Value?) throws(Deviation) -> Value {
    guard let found else { throw Deviation("\(subject()) is missing") }
    return found
}

/// Goes on only where an operation fails with a code.
@discardableResult
func require(
    _ code: EventStoreError.Code, from operation: @autoclosure () -> String, _ body: () async throws -> Void
) async throws(Deviation) -> EventStoreError {
    do {
        try await body()
    } catch let error as EventStoreError {
        guard error.code == code else {
            throw Deviation("\(operation()) should fail with \(code), but failed with \(error)", cause: error)
        }
        return error
    } catch {
        throw Deviation("\(operation()) should fail with \(code), but failed with \(error)", cause: error)
    }
    throw Deviation("\(operation()) should fail with \(code), but succeeded")
}

/// A value as people read it; "nothing" for nil.
private func spell<Value>(_ value: Value) -> String {
    if let optional = value as? any OptionalValue { return optional.unwrapped.map { "\($0)" } ?? "nothing" }
    return "\(value)"
}

private protocol OptionalValue {
    var unwrapped: Any? { get }
}

extension Optional: OptionalValue {
    var unwrapped: Any? { map { $0 as Any } }
}
