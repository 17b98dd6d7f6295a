/// One sentence of a store's contract, and how to find out whether a store keeps it.
///
/// It knows no test framework. With Swift Testing, the whole contract is one test:
///
/// ```swift
/// @Test(arguments: EventStoreContract.requirements)
/// func keepsTheContract(_ requirement: EventStoreContract.Requirement) async throws {
///     try await requirement.check { MyEventStore() }
/// }
/// ```
public struct ContractRequirement<Store: Sendable>: Sendable, Identifiable {
    /// The requirement as a sentence; it names the requirement and is unique within a contract.
    public let name: String

    private let verify: @Sendable (Store) async throws -> Void

    init(_ name: String, _ verify: @escaping @Sendable (Store) async throws -> Void) {
        self.name = name
        self.verify = verify
    }

    /// The name.
    public var id: String { name }

    /// Finds out whether a store keeps the requirement.
    ///
    /// - Parameter makeStore: gives a store without any content, to which nobody else writes. It is called once.
    /// - Throws: ``ContractViolation`` where the store deviates, fails, or cannot be made.
    public func check(_ makeStore: @Sendable () async throws -> Store) async throws(ContractViolation) {
        do {
            try await verify(try await makeStore())
        } catch let deviation as Deviation {
            throw ContractViolation(requirement: name, message: deviation.message, cause: deviation.cause)
        } catch {
            throw ContractViolation(requirement: name, message: "an error came unexpectedly: \(error)", cause: error)
        }
    }
}

extension ContractRequirement: CustomStringConvertible {
    public var description: String { name }
}
