#if JetStream
import CNATS
import EventSourcing

extension NATSReply {
    init(_ message: OpaquePointer) {
        let count = max(0, Int(natsMsg_GetDataLength(message)))
        payload =
            natsMsg_GetData(message).map { Bytes(copying: UnsafeRawBufferPointer(start: $0, count: count)) } ?? Bytes()
        replySubject = natsMsg_GetReply(message).map { String(cString: $0) } ?? ""
        subject = replySubject.isEmpty ? "" : natsMsg_GetSubject(message).map { String(cString: $0) } ?? ""
        // Delivered messages bring along the headers that they were stored with; only those without content have a
        // status.
        status = count == 0 ? Self.header("Status", of: message).flatMap { Int($0) } ?? 0 : 0
        statusText = status == 0 ? "" : Self.header("Description", of: message) ?? ""
        origin =
            if replySubject.isEmpty, status == 0, let sequence = Self.header("Nats-Sequence", of: message),
                let subject = Self.header("Nats-Subject", of: message),
                let time = Self.header("Nats-Time-Stamp", of: message)
            {
                Origin(subject: subject, sequence: sequence, time: time)
            } else {
                nil
            }
    }

    private static func header(_ name: String, of message: OpaquePointer) -> String? {
        var value: UnsafePointer<CChar>?
        guard natsMsgHeader_Get(message, name, &value) == NATS_OK, let value else { return nil }
        return String(cString: value)
    }
}
#endif
