#if JetStream
import EventSourcing
import FoundationEssentials

/// Names as parts of a subject, which must hold no dot, no space and no wildcard.
enum SubjectToken {
    private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    /// A name with every byte but ASCII letters, digits, `-` and `_` written as `=` and two hexadecimal digits.
    static func encode(_ name: String) -> String {
        if name.utf8.allSatisfy(isPlain) { return name }
        var token = ""
        for byte in name.utf8 {
            if isPlain(byte) {
                token.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                token += byte < 16 ? "=0" : "="
                token += String(byte, radix: 16, uppercase: true)
            }
        }
        return token
    }

    /// The name that a token stands for; nil where it is none.
    static func decode(_ token: some StringProtocol) -> String? {
        var bytes: [UInt8] = []
        var rest = Substring(token).utf8
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "=") {
                guard let value = UInt8(String(rest.prefix(2)) ?? "", radix: 16), rest.count >= 2 else { return nil }
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    /// An identifier in 22 characters (base64url): subjects of ids are kept in the servers' memory.
    static func encode(_ id: UInt128) -> String {
        String(unsafeUninitializedCapacity: 22) { buffer in
            var rest = id
            for index in (0..<22).reversed() {
                buffer[index] = digits[Int(rest & 63)]
                rest >>= 6
            }
            return 22
        }
    }

    /// The stream that the last two parts of a subject name; nil where they name none.
    static func stream(in subject: String) -> StreamID? {
        let tokens = subject.split(separator: ".", omittingEmptySubsequences: false)
        guard tokens.count >= 3, let id = UUID(uuidString: String(tokens[tokens.count - 1])),
            let aggregateType = decode(tokens[tokens.count - 2])
        else { return nil }
        return StreamID(aggregateType, id)
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "_"): true
        default: false
        }
    }
}
#endif
