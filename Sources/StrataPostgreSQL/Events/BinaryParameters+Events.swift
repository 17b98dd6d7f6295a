#if PostgreSQL
import EventSourcing

extension BinaryParameters {
    /// The parameters of the function `append`.
    static func append(
        _ events: [NewEvent], to stream: StreamID, expecting expected: ExpectedVersion
    ) -> BinaryParameters {
        var parameters = BinaryParameters()
        let bytes = events.reduce(0) { $0 + $1.payload.count + $1.metadata.encoded.count + $1.type.utf8.count + 160 }
        parameters.reserveCapacity(bytes + 512)
        parameters.append(stream.aggregateType)
        parameters.append(stream.id)
        parameters.append(expected.code)
        parameters.append(.uuid, events) { $0.write($1.id.bits) }
        parameters.append(.text, events) { $0.write($1.type) }
        parameters.append(.int64, events) { $0.write(Int64($1.schemaVersion)) }
        parameters.append(.timestamp, events) { $0.write($1.occurredAt.serverMicroseconds) }
        parameters.append(.int16, events) { $0.write($1.occurredAt.serverRemainder) }
        parameters.append(.int16, events) { $0.write(Int16($1.contentType.rawValue)) }
        let tenants = events.map { TenantKey.stored($0.metadata.tenantID) }
        parameters.append(.text, tenants, isNull: { $0 == nil }) { $0.write($1 ?? "") }
        parameters.append(.bytes, events) { $0.write($1.metadata.encoded) }
        parameters.append(.bytes, events) { $0.write($1.payload) }
        return parameters
    }

    /// The parameters of the function `release`.
    static func release(
        _ release: StreamRelease, of stream: StreamID, expecting expected: ExpectedVersion
    ) -> BinaryParameters {
        var parameters = BinaryParameters.stream(stream)
        parameters.append(expected.code)
        if case .truncation(let version) = release {
            parameters.append(Int64(version))
        } else {
            parameters.appendNull()
        }
        parameters.append(release == .deletion(.tombstone) ? 1 as UInt8 : 0)
        return parameters
    }

    /// A stream, as the first two parameters.
    static func stream(_ stream: StreamID) -> BinaryParameters {
        var parameters = BinaryParameters()
        parameters.append(stream.aggregateType)
        parameters.append(stream.id)
        return parameters
    }
}

extension ExpectedVersion {
    /// How the functions `append` and `release` take it.
    fileprivate var code: Int64 {
        switch self {
        case .any: -1
        case .streamExists: -2
        case .noStream: -3
        case .exactly(let version): Int64(version)
        }
    }
}
#endif
