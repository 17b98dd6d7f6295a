/// How an event's payload or a snapshot's state is encoded.
///
/// A small number, because every stored event carries one. Numbers below 128 are given out by this library; those
/// from 128 on are the application's own, and stores keep them as they are.
public struct ContentType: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt8

    @inlinable
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// `application/octet-stream`: bytes that say nothing of themselves.
    public static let binary = ContentType(rawValue: 0)
    /// `application/json` (RFC 8259): one JSON value in UTF-8.
    public static let json = ContentType(rawValue: 1)
    /// `application/cbor` (RFC 8949).
    public static let cbor = ContentType(rawValue: 2)
    /// `application/protobuf`: one message; the event's type names it.
    public static let protobuf = ContentType(rawValue: 3)

    private static let mediaTypes = [
        binary: "application/octet-stream", json: "application/json", cbor: "application/cbor",
        protobuf: "application/protobuf",
    ]
    private static let applicationPrefix = "application/x-event-content-"

    /// The media type (RFC 6838) that this number stands for.
    public var mediaType: String {
        Self.mediaTypes[self] ?? Self.applicationPrefix + String(rawValue)
    }

    /// The number that stands for a media type, or nil where there is none.
    public init?(mediaType: String) {
        if let known = Self.mediaTypes.first(where: { $0.value == mediaType })?.key {
            self = known
        } else if mediaType.hasPrefix(Self.applicationPrefix),
            let number = UInt8(mediaType.dropFirst(Self.applicationPrefix.count))
        {
            self.init(rawValue: number)
        } else {
            return nil
        }
    }
}

extension ContentType: CustomStringConvertible {
    public var description: String { mediaType }
}
