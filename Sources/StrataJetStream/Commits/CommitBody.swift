#if JetStream
import EventSourcing

/// What a message is about, a commit's events or a snapshot's state: within the message, or in others.
enum CommitBody: Sendable {
    case inline(Bytes)
    /// Cut into messages of the stream of parts, with these sequences.
    case parts(length: Int, [UInt64])

    /// Reads what is left of a message; nil where it is no such thing.
    init?(_ reader: inout ByteReader, isInParts: Bool) {
        guard isInParts else {
            self = .inline(reader.rest)
            return
        }
        guard let length: UInt64 = reader.read(), let length = Int(exactly: length) else { return nil }
        var sequences: [UInt64] = []
        while let sequence: UInt64 = reader.read() { sequences.append(sequence) }
        guard reader.isAtEnd else { return nil }
        self = .parts(length: length, sequences)
    }

    var isInParts: Bool {
        if case .parts = self { true } else { false }
    }

    /// How many bytes it takes in its message.
    var encodedCount: Int {
        switch self {
        case .inline(let bytes): bytes.count
        case .parts(_, let sequences): 8 + 8 * sequences.count
        }
    }

    func write(to writer: inout ByteWriter) {
        switch self {
        case .inline(let bytes):
            writer.write(bytes)
        case .parts(let length, let sequences):
            writer.write(UInt64(length))
            for sequence in sequences { writer.write(sequence) }
        }
    }
}
#endif
