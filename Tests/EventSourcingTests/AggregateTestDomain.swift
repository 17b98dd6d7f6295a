import EventSourcing
import FoundationEssentials

enum TallyEvent: DomainEvent, Equatable {
    case added(amount: Int)
    case noted(text: String?, at: Timestamp)
    case cleared

    enum CodingKeys: String, CodingKey, CaseIterable {
        case added = "TallyAdded", noted = "TallyNoted", cleared = "TallyCleared"
    }
}

/// Remembers the order of what was added, so that a state shows which events made it.
struct Tally: Aggregate, Equatable {
    static let aggregateType = "Tally"

    private(set) var amounts: [Int] = []

    init(id: UUID) {}

    mutating func apply(_ event: TallyEvent) {
        switch event {
        case .added(let amount): amounts.append(amount)
        case .noted: break
        case .cleared: amounts = []
        }
    }
}

enum TallyError: Error, Equatable {
    case negative
}

extension AggregateRoot<Tally> {
    mutating func add(_ amount: Int) throws(TallyError) {
        guard amount >= 0 else { throw .negative }
        record(.added(amount: amount))
    }

    /// Adds 1, 2, 3 and so on, each at the version that it equals.
    mutating func count(to version: Int) throws {
        while self.version < version { try add(nextVersion) }
    }
}

extension AggregateRepository<Tally> {
    /// A saved tally that has counted to a version.
    func saved(countedTo version: Int) async throws -> AggregateRoot<Tally> {
        var tally = new()
        try tally.count(to: version)
        try await save(&tally)
        return tally
    }
}
