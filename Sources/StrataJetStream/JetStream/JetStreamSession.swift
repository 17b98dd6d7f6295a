#if JetStream
import EventSourcing
import FoundationEssentials
import Logging

/// JetStream's requests on one connection, repeated while servers are down.
struct JetStreamSession: Sendable {
    let connection: NATSConnection
    let options: JetStreamOptions
    let logger: Logger

    /// When a call that begins now gives up.
    var deadline: ContinuousClock.Instant { .now + options.retryTime }

    /// Sends requests that do no harm when they are carried out twice, until each has an answer or time is up.
    func send(_ requests: [NATSRequest], until deadline: ContinuousClock.Instant) async -> [ReplyResult] {
        var results = await connection.send(requests, timeout: options.requestTimeout)
        var backoff = Backoff()
        while ContinuousClock.now < deadline {
            let open = results.indices.filter { results[$0].failure?.isTransient == true }
            if open.isEmpty { break }
            await backoff.wait()
            let again = await connection.send(open.map { requests[$0] }, timeout: options.requestTimeout)
            for (index, result) in zip(open, again) { results[index] = result }
        }
        return results
    }

    /// Calls JetStream's API, and gives its result or what the server says in its place.
    ///
    /// - Parameters:
    ///   - name: the request's subject behind `$JS.API.`.
    ///   - body: the request, in JSON.
    func call<Response: Decodable>(
        _ name: String, _ body: String, until deadline: ContinuousClock.Instant, as type: Response.Type = Response.self
    ) async throws(JetStreamError) -> Result<Response, ServerFailure> {
        var backoff = Backoff()
        while true {
            let request = NATSRequest(subject: "$JS.API.\(name)", payload: Bytes(body))
            let reply: NATSReply
            switch await send([request], until: deadline)[0] {
            case .success(let success): reply = success
            case .failure(let failure): throw JetStreamError(failure)
            }
            let data = Data(reply.payload)
            do {
                guard let failure = try JSONDecoder().decode(ServerAnswer.self, from: data).error else {
                    return .success(try JSONDecoder().decode(Response.self, from: data))
                }
                guard failure.isTransient, ContinuousClock.now < deadline else { return .failure(failure) }
            } catch {
                throw JetStreamError(.refused, "the server's answer to \(name) is not understood")
            }
            await backoff.wait()
        }
    }
}

extension Result {
    var failure: Failure? {
        if case .failure(let failure) = self { failure } else { nil }
    }
}

/// Waits a little longer each time: 5 ms, doubled up to 500 ms, with a random part so that clients spread out.
struct Backoff {
    private var milliseconds = 5

    mutating func wait() async {
        let delay = Duration.milliseconds(Int.random(in: milliseconds / 2...milliseconds))
        milliseconds = min(milliseconds * 2, 500)
        // A cancelled task goes on without waiting; its deadline still holds.
        try? await Task.sleep(for: delay)
    }
}
#endif
