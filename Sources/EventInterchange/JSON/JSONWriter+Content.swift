package import EventSourcing
import FoundationEssentials

extension JSONWriter {
    /// Encoded bytes as members: as `key` where they are JSON that fits a line as it is, otherwise as `key_base64`
    /// beside their `content_type`.
    package mutating func content(_ key: String, _ content: Bytes, of type: ContentType) {
        if type == .json, content.isJSONOfOneLine {
            self.key(key)
            raw(content)
        } else {
            member("content_type", type.mediaType)
            member(key + "_base64", Data(content).base64EncodedString())
        }
    }
}

extension Bytes {
    /// How much shallower than a line the JSON inside it must be, for the objects and the array around it.
    private static let depthOfLine = 4

    /// Whether the bytes are one JSON value, without white space around it and without line breaks inside, so that
    /// reading a line gives back exactly these bytes.
    fileprivate var isJSONOfOneLine: Bool {
        guard !contains(where: { $0 == 0x0A || $0 == 0x0D }) else { return false }
        let text = try? JSONText(self, depthLimit: JSONText.depthLimitOfLine - Self.depthOfLine)
        return text?.tokens[0].range == 0..<count
    }
}
