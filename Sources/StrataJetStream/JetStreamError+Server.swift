#if JetStream
import CNATS

extension JetStreamError {
    /// What a server says in place of a result.
    init(_ failure: ServerFailure, fileID: String = #fileID, line: Int = #line) {
        let (code, advice): (Code, String?) =
            switch failure.errorCode {
            case 10039, 10076:
                (.jetStreamDisabled, "enable JetStream in the server's configuration and for this account")
            case 10059: (.notFound, "check the store's name, or let opening create it")
            case 10058, 10052: (.configurationMismatch, "open the store with the options that it was made with")
            case 10074: (.noQuorum, "replicas need a cluster of as many servers; a single server takes 1")
            case 10005, 10008, 10009, 10010: (.noQuorum, "start more of the cluster's servers, then try again")
            case 10023, 10028, 10047, 10002, 10026, 10027, 10122:
                (.storageFull, "give JetStream more room, or raise the account's limits")
            case 10077 where failure.description.contains("maximum"):
                (.storageFull, "raise the stream's limits")
            default: (.refused, nil)
            }
        self.init(
            code, "the server says: \(failure.description)\(advice.map { "; \($0)" } ?? "")",
            serverCode: failure.errorCode, fileID: fileID, line: line)
    }

    /// What became of a request that got no answer.
    init(_ failure: RequestFailure, fileID: String = #fileID, line: Int = #line) {
        switch failure {
        case .notSent(let reason):
            self.init(.disconnected, "not sent: \(reason)", fileID: fileID, line: line)
        case .noResponders:
            self.init(
                .noQuorum,
                "nobody takes the request: the stream has no leader now, or the server has no JetStream; see that the "
                    + "cluster has its majority",
                fileID: fileID, line: line)
        case .timedOut:
            self.init(
                .timedOut, "no answer came in time; see whether the servers are overloaded or have lost their majority",
                fileID: fileID, line: line)
        case .disconnected:
            self.init(
                .disconnected, "the connection was lost before the answer came; see whether the servers are up",
                fileID: fileID, line: line)
        case .closed:
            self.init(.closed, "the store is closed; open it again", fileID: fileID, line: line)
        case .refused(let reason):
            self.init(
                .authenticationFailed,
                "the server has ended the connection for good (\(reason)); check the credentials, then open again",
                fileID: fileID, line: line)
        }
    }
}
#endif
