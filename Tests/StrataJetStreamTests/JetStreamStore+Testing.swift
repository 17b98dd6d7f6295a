#if JetStream
import EventSourcing
import Foundation
@testable import StrataJetStream

extension JetStreamStore {
    /// Why a store cannot be opened; nil where it can.
    static func error(opening options: JetStreamOptions) async -> JetStreamError? {
        do throws(JetStreamError) {
            try await open(options).close()
            return nil
        } catch {
            return error
        }
    }

    /// The name of the server that leads the stream of commits.
    func leaderOfEvents() async throws -> String? {
        struct Information: Decodable {
            struct Cluster: Decodable { let leader: String? }
            let cluster: Cluster?
        }
        let answer: Result<Information, ServerFailure> = try await session.call(
            "STREAM.INFO.\(layout.events.name)", "", until: session.deadline)
        return try answer.get().cluster?.leader
    }

    /// Makes the store look as if a newer version of the library had made it.
    func markAsFormat(_ format: Int) async throws {
        let settings = """
            {"name":"\(layout.events.name)","description":"strata format \(format)","subjects":["\(layout.allEvents)"],\
            "retention":"limits","discard":"new","storage":"file","num_replicas":1,"allow_direct":true}
            """
        let answer: Result<ServerAnswer, ServerFailure> = try await session.call(
            "STREAM.UPDATE.\(layout.events.name)", settings, until: session.deadline)
        _ = try answer.get()
    }
}

extension JetStreamEventStore {
    /// Claims ids and goes no further, as a writer does that dies between its claims and its commit.
    func claim(_ ids: [UUID], for stream: StreamID) async throws {
        let deadline = log.session.deadline
        var claims = ClaimsInHand(to: ids.map(\.bits), for: stream, in: log)
        _ = try await claims.claim(after: try await log.head(of: stream, until: deadline), until: deadline)
    }
}
#endif
