#if JetStream
/// What JetStream answers in place of a result (the `error` of its API).
struct ServerFailure: Error, Sendable, Decodable {
    let code: Int
    let errorCode: Int
    let description: String

    private enum CodingKeys: String, CodingKey {
        case code
        case errorCode = "err_code"
        case description
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        code = try container.decodeIfPresent(Int.self, forKey: .code) ?? 0
        errorCode = try container.decodeIfPresent(Int.self, forKey: .errorCode) ?? 0
        description = try container.decodeIfPresent(String.self, forKey: .description) ?? ""
    }

    /// There is no such message.
    var isMessageNotFound: Bool { errorCode == 10037 || errorCode == 10043 }
    /// There is no such stream.
    var isStreamNotFound: Bool { errorCode == 10059 }
    /// The subject's last sequence is another than expected.
    var isWrongLastSequence: Bool { errorCode == 10071 || errorCode == 10164 }
    /// The server did not even try to store the message. Of other failures it is not certain.
    var isRefusal: Bool {
        switch errorCode {
        case 10002, 10008, 10009, 10010, 10023, 10026, 10027, 10028, 10039, 10047, 10054, 10059, 10060, 10076, 10122:
            true
        case 10077: description.contains("maximum")
        default: false
        }
    }
    /// The cluster has no leader now, or, while it starts, too few servers.
    var isTransient: Bool { [10005, 10008, 10009, 10010].contains(errorCode) }
}

/// An answer of the API that may hold a failure.
struct ServerAnswer: Decodable {
    let error: ServerFailure?
}
#endif
