/// What accompanies an event without being part of it: who caused it, for which tenant, following what.
///
/// Four keys have a meaning that stores and tools know; any other pairs of strings may stand beside them. The value
/// holds its encoded form (`encoded`), so that storing and reading it copies bytes and decodes nothing.
public struct EventMetadata: Hashable, Sendable {
    /// Key and value pairs as stores keep them: sorted by key, each key once.
    ///
    /// A pair is the key's length plus one, the key in UTF-8, the value's length, the value in UTF-8. A well-known
    /// key has 0 in place of its length and one byte in place of its text: 1 correlation id, 2 causation id, 3 tenant
    /// id, 4 actor. Lengths are LEB128. Well-known keys stand first, by their number; others follow by their bytes.
    @usableFromInline
    package let encoded: Bytes

    /// No metadata.
    public init() {
        encoded = Bytes()
    }

    /// Metadata from its parts; those that are nil are left out.
    ///
    /// - Parameters:
    ///   - correlationID: see ``correlationID``.
    ///   - causationID: see ``causationID``.
    ///   - tenantID: see ``tenantID``.
    ///   - actor: see ``actor``.
    ///   - additional: pairs beside the well-known ones. A well-known name among them (`correlation_id`, `causation_id`,
    ///     `tenant_id`, `actor`) sets that part unless the parameter of that name does.
    public init(
        correlationID: String? = nil, causationID: String? = nil, tenantID: String? = nil, actor: String? = nil,
        additional: [String: String] = [:]
    ) {
        var pairs = additional
        pairs[Key.correlationID] = correlationID ?? pairs[Key.correlationID]
        pairs[Key.causationID] = causationID ?? pairs[Key.causationID]
        pairs[Key.tenantID] = tenantID ?? pairs[Key.tenantID]
        pairs[Key.actor] = actor ?? pairs[Key.actor]
        self.init(pairs)
    }

    /// Metadata from key and value pairs, the well-known ones under `correlation_id`, `causation_id`, `tenant_id`
    /// and `actor`.
    public init(_ pairs: [String: String]) {
        encoded = pairs.isEmpty ? Bytes() : Bytes(Self.encode(pairs))
    }

    /// Takes over encoded pairs; nil where they are not encoded as described, down to the last byte: equal metadata
    /// has equal bytes.
    package init?(encoded: Bytes) {
        var pairs: [String: String] = [:]
        var position = 0
        while position < encoded.count {
            guard let pair = Pair(in: encoded, at: position), let key = pair.name(in: encoded),
                let value = String(utf8: encoded.slice(pair.value))
            else { return nil }
            pairs[key] = value
            position = pair.end
        }
        guard encoded.elementsEqual(Self.encode(pairs)) else { return nil }
        self.encoded = encoded
    }

    /// Takes over pairs that a checksum vouches for; they are looked at when asked for.
    @inlinable
    package init(uncheckedEncoded encoded: Bytes) {
        self.encoded = encoded
    }

    /// Ties together everything that one request or process brought about.
    public var correlationID: String? { self[Key.correlationID] }
    /// The id of the event or command that led to this event.
    public var causationID: String? { self[Key.causationID] }
    /// The tenant that the event belongs to; feeds and categories can be filtered by it.
    public var tenantID: String? { self[Key.tenantID] }
    /// Who did it.
    public var actor: String? { self[Key.actor] }

    /// Whether there are no pairs.
    public var isEmpty: Bool { encoded.isEmpty }

    /// The value of a key, well-known or not. O(number of pairs).
    public subscript(key: String) -> String? {
        value(of: key).flatMap { String(utf8: $0) }
    }

    /// All pairs, the well-known ones under `correlation_id`, `causation_id`, `tenant_id` and `actor`.
    public var pairs: [String: String] {
        var pairs: [String: String] = [:]
        var position = 0
        while let pair = Pair(in: encoded, at: position) {
            if let key = pair.name(in: encoded), let value = String(utf8: encoded.slice(pair.value)) {
                pairs[key] = value
            }
            position = pair.end
        }
        return pairs
    }

    /// The pairs that are not well-known.
    public var additional: [String: String] {
        pairs.filter { !Key.wellKnown.contains($0.key) }
    }

    package func value(of key: String) -> Bytes? {
        let code = Key.code(of: key)
        var position = 0
        while let pair = Pair(in: encoded, at: position) {
            if let code {
                if pair.code == code { return encoded.slice(pair.value) }
            } else if pair.code == nil, encoded.slice(pair.key).elementsEqual(key.utf8) {
                return encoded.slice(pair.value)
            }
            position = pair.end
        }
        return nil
    }

    private static func encode(_ pairs: [String: String]) -> [UInt8] {
        var bytes: [UInt8] = []
        for (key, value) in pairs.sorted(by: { Key.precedes($0.key, $1.key) }) {
            if let code = Key.code(of: key) {
                bytes += [0, code]
            } else {
                LEB128.append(key.utf8.count + 1, to: &bytes)
                bytes += key.utf8
            }
            LEB128.append(value.utf8.count, to: &bytes)
            bytes += value.utf8
        }
        return bytes
    }
}
