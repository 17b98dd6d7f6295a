import Foundation
import Synchronization

/// A client's connection through a proxy to its server.
final class ProxiedLink: Sendable {
    /// What gets through.
    enum Passing {
        case everything
        /// What clients say, and what the server answers until so many more pieces have come that hold some text.
        case answers(left: Int, holding: String)
        case nothing
    }

    private struct State {
        var passing: Passing
        /// Directions that still run; the last one closes both sockets.
        var directions = 2
    }

    private let client: LoopbackSocket
    private let server: LoopbackSocket
    private let state: Mutex<State>

    init(_ client: LoopbackSocket, _ server: LoopbackSocket, passing: Passing) {
        self.client = client
        self.server = server
        state = Mutex(State(passing: passing))
    }

    func setPassing(_ passing: Passing) {
        state.withLock { $0.passing = passing }
    }

    func start() {
        Thread.detachNewThread { self.run(from: self.client, to: self.server, isAnswer: false) }
        Thread.detachNewThread { self.run(from: self.server, to: self.client, isAnswer: true) }
    }

    /// Ends the connection on both sides.
    func end() {
        state.withLock { state in
            guard state.directions > 0 else { return }
            client.end()
            server.end()
        }
    }

    private func run(from source: LoopbackSocket, to target: LoopbackSocket, isAnswer: Bool) {
        while let bytes = source.receive() {
            if passes(bytes, isAnswer: isAnswer), !target.send(bytes) { break }
        }
        end()
        state.withLock { state in
            state.directions -= 1
            guard state.directions == 0 else { return }
            client.close()
            server.close()
        }
    }

    private func passes(_ bytes: [UInt8], isAnswer: Bool) -> Bool {
        state.withLock { state in
            switch state.passing {
            case .everything: return true
            case .nothing: return false
            case .answers where !isAnswer: return true
            case .answers(0, _): return false
            case .answers(let left, let text):
                if bytes.contains(text.utf8) { state.passing = .answers(left: left - 1, holding: text) }
                return true
            }
        }
    }
}
