#if PostgreSQL
import EventSourcing

/// What the server looks for on behalf of a filter: at least all events that match.
struct Candidates {
    private let aggregateTypes: [String]?
    private let eventTypes: [String]?
    private let tenants: [String]?

    /// Whether the server finds no more than what matches.
    let isExact: Bool

    init(_ filter: EventFilter) {
        aggregateTypes = Self.names(filter.aggregateTypes)
        eventTypes = Self.names(filter.eventTypes)
        tenants = filter.tenantID.flatMap(TenantKey.candidates)
        isExact =
            (aggregateTypes == nil) == (filter.aggregateTypes == nil)
            && (eventTypes == nil) == (filter.eventTypes == nil) && filter.tenantID == nil
    }

    /// Whether nothing can match.
    var isEmpty: Bool { aggregateTypes?.isEmpty == true || eventTypes?.isEmpty == true }

    func shape(isBackward: Bool) -> FeedShape {
        let types: FeedShape.AggregateTypes =
            switch aggregateTypes?.count {
            case nil: .all
            case 1: .one
            default: .several
            }
        return FeedShape(
            isBackward: isBackward, aggregateTypes: types, hasEventTypes: eventTypes != nil, hasTenant: tenants != nil)
    }

    func append(to parameters: inout BinaryParameters) {
        func append(_ names: [String]) {
            parameters.append(.text, names) { $0.write($1) }
        }
        if let aggregateTypes {
            if aggregateTypes.count == 1 { parameters.append(aggregateTypes[0]) } else { append(aggregateTypes) }
        }
        if let eventTypes { append(eventTypes) }
        if let tenants { append(tenants) }
    }

    /// Names as stored ones are, in normal form C; nil where one of them is not, and may equal a stored one all the same.
    private static func names(_ names: Set<String>?) -> [String]? {
        guard let names, names.allSatisfy(TenantKey.isComparable) else { return nil }
        return names.sorted()
    }
}
#endif
