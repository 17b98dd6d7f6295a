/// What every store accepts, and no more: events that fit one backend fit all of them.
public enum EventLimits {
    /// An event's payload, in bytes: 16 MiB.
    public static let payloadBytes = 16 << 20
    /// An event's metadata in its encoded form, in bytes: 64 KiB.
    public static let metadataBytes = 64 << 10
    /// A metadata key, in bytes of UTF-8.
    public static let metadataKeyBytes = 255
    /// Events in one append.
    public static let eventsPerAppend = 10_000
    /// Payloads and metadata of one append together, in bytes: 64 MiB.
    public static let appendBytes = 64 << 20
    /// An aggregate type or an event type, in bytes of UTF-8.
    public static let nameBytes = 255
    /// A snapshot's state, in bytes: 64 MiB.
    public static let snapshotStateBytes = 64 << 20

    /// The highest version that a change of another store may bring. None that events are counted up to comes near it.
    public static let importedVersion = 1 << 60

    /// Whether a text may name an aggregate type: as an event type, and without a slash.
    public static func isValidAggregateType(_ name: String) -> Bool {
        isValidEventType(name) && !name.utf8.contains(UInt8(ascii: "/"))
    }

    /// Whether a text may name an event type: 1 to 255 bytes, no control characters, no space at either end, and in
    /// Unicode's normal form C, so that names that are equal as text are equal in their bytes.
    public static func isValidEventType(_ name: String) -> Bool {
        let space = UInt8(ascii: " ")
        let bytes = name.utf8.span
        guard (1...nameBytes).contains(bytes.count), bytes[0] != space, bytes[bytes.count - 1] != space
        else { return false }
        var isASCII = true
        for index in bytes.indices {
            let byte = bytes[index]
            // Of most bytes one comparison tells that they are neither.
            guard byte < 0x7F, byte >= space else {
                guard byte >= 0x80 else { return false }
                isASCII = false
                continue
            }
        }
        return isASCII || name.isInNormalFormC
    }

    /// Checks an append against the contract; every store calls this before it does anything else.
    ///
    /// - Throws: ``EventStoreError/Code/emptyAppend`` without events,
    ///   ``EventStoreError/Code/duplicateEventID`` where an id stands twice among them, and
    ///   ``EventStoreError/Code/invalidArgument`` where a name, a size, a number or the UTF-8 of a JSON payload
    ///   breaks a limit.
    public static func check(
        _ events: [NewEvent], to stream: StreamID, expecting expected: ExpectedVersion
    ) throws(EventStoreError) {
        guard !events.isEmpty else {
            throw EventStoreError(.emptyAppend, "an append needs at least one event", stream: stream)
        }
        try check(stream, expecting: expected)
        guard events.count <= eventsPerAppend else {
            throw EventStoreError(
                .invalidArgument, "an append holds at most \(eventsPerAppend) events, not \(events.count)",
                stream: stream)
        }
        var total = 0
        for index in events.indices {
            try check(events, index, of: stream)
            total += events[index].payload.count + events[index].metadata.encoded.count
        }
        guard total <= appendBytes else {
            throw EventStoreError(
                .invalidArgument, "an append holds at most \(appendBytes) bytes, not \(total)", stream: stream)
        }
        try checkIDsDiffer(events, of: stream)
    }

    /// Checks a change of another store; every store calls this for each before it takes over any.
    ///
    /// - Throws: as ``check(_:to:expecting:)``, and ``EventStoreError/Code/invalidArgument`` where a version lies outside 1
    ///   to ``importedVersion``.
    public static func check(_ change: ImportedChange) throws(EventStoreError) {
        switch change {
        case .commit(let commit):
            try check(version: commit.firstVersion, of: commit.stream)
            try check(commit.events, to: commit.stream, expecting: commit.expectedVersion)
        case .release(let status, let stream):
            try check(stream)
            try check(version: status.firstVersion, of: stream)
            if status.version != 0 { try check(version: status.version, of: stream) }
        }
    }

    private static func check(version: Int, of stream: StreamID) throws(EventStoreError) {
        guard (1...importedVersion).contains(version) else {
            throw EventStoreError(
                .invalidArgument, "a version lies between 1 and \(importedVersion), not \(version)", stream: stream)
        }
    }

    /// Checks a stream's name.
    ///
    /// - Throws: ``EventStoreError/Code/invalidArgument`` where the aggregate type breaks the rules for names.
    public static func check(_ stream: StreamID) throws(EventStoreError) {
        guard isValidAggregateType(stream.aggregateType) else {
            throw EventStoreError(
                .invalidArgument,
                "an aggregate type has 1 to \(nameBytes) bytes in normal form C, no slash, no control characters and no "
                    + "space at an end")
        }
    }

    /// Checks a stream's name and what is expected of the stream; every store calls this before a truncation or a
    /// deletion.
    ///
    /// - Throws: ``EventStoreError/Code/invalidArgument``.
    public static func check(
        _ stream: StreamID, expecting expected: ExpectedVersion
    ) throws(EventStoreError) {
        try check(stream)
        if case .exactly(let version) = expected, version < 0 {
            throw EventStoreError(
                .invalidArgument, "an expected version is 0 or more, not \(version)", stream: stream)
        }
    }

    /// Checks a snapshot's stream, version and size.
    ///
    /// - Throws: ``EventStoreError/Code/invalidArgument``.
    public static func check(_ snapshot: Snapshot) throws(EventStoreError) {
        try check(snapshot.stream)
        guard snapshot.version >= 1, snapshot.schemaVersion >= 0, snapshot.schemaVersion <= Int(UInt32.max) else {
            throw EventStoreError(
                .invalidArgument, "a snapshot's version is 1 or more and its schema version 0 to \(UInt32.max)",
                stream: snapshot.stream)
        }
        guard snapshot.state.count <= snapshotStateBytes else {
            throw EventStoreError(
                .invalidArgument,
                "a snapshot's state has at most \(snapshotStateBytes) bytes, not \(snapshot.state.count)",
                stream: snapshot.stream)
        }
    }

    /// Checks one of some events, looked at where it is: taken out of the array, each of its references would be counted.
    private static func check(_ events: [NewEvent], _ index: Int, of stream: StreamID) throws(EventStoreError) {
        let id = events[index].id
        func invalid(_ message: String) -> EventStoreError {
            EventStoreError(.invalidArgument, message, stream: stream, eventID: id)
        }
        guard isValidEventType(events[index].type) else {
            throw invalid(
                "an event type has 1 to \(nameBytes) bytes in normal form C, no control characters and no space at an end"
            )
        }
        guard events[index].schemaVersion >= 0, events[index].schemaVersion <= Int(UInt32.max) else {
            throw invalid("a schema version lies between 0 and \(UInt32.max), not \(events[index].schemaVersion)")
        }
        guard events[index].payload.count <= payloadBytes else {
            throw invalid("a payload has at most \(payloadBytes) bytes, not \(events[index].payload.count)")
        }
        let metadataCount = events[index].metadata.encoded.count
        guard metadataCount <= metadataBytes else {
            throw invalid("metadata has at most \(metadataBytes) bytes encoded, not \(metadataCount)")
        }
        guard events[index].metadata.encoded.withSpan(EventMetadata.hasValidKeys) else {
            throw invalid("a metadata key has 1 to \(metadataKeyBytes) bytes")
        }
        guard events[index].contentType != .json || events[index].payload.isValidUTF8 else {
            throw invalid("a JSON payload is UTF-8")
        }
    }

    private static func checkIDsDiffer(_ events: [NewEvent], of stream: StreamID) throws(EventStoreError) {
        guard events.count > 1 else { return }
        var seen = EventIDSet(minimumCapacity: events.count)
        for index in events.indices where !seen.insert(events[index].id.bits) {
            throw EventStoreError.duplicate(eventID: events[index].id, in: stream)
        }
    }
}

extension EventMetadata {
    fileprivate static func hasValidKeys(_ encoded: RawSpan) -> Bool {
        var position = 0
        while let pair = Pair(in: encoded, at: position) {
            if pair.code == nil, !(1...EventLimits.metadataKeyBytes).contains(pair.key.count) { return false }
            position = pair.end
        }
        return true
    }
}

extension Bytes {
    fileprivate var isValidUTF8: Bool {
        withSpan { span in
            span.withUnsafeBytes { buffer in
                buffer.withMemoryRebound(to: UInt8.self) { bytes in
                    (try? UTF8Span(validating: bytes.span)) != nil
                }
            }
        }
    }
}

extension String {
    fileprivate var isInNormalFormC: Bool {
        var span = utf8Span
        return span.checkForNFC(quickCheck: false)
    }
}
