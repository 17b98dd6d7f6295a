import Foundation
import Synchronization

/// Stands between clients and a server on loopback, and fails as networks do.
package final class NetworkProxy: Sendable {
    private struct State {
        /// Where connections come in; nil where they are refused.
        var listener: LoopbackSocket?
        var links: [ProxiedLink] = []
        var passing = ProxiedLink.Passing.everything
    }

    /// Where clients connect to, on 127.0.0.1.
    package let port: UInt16
    private let serverPort: UInt16
    private let state: Mutex<State>

    /// - Parameter serverPort: where the server listens, on 127.0.0.1.
    package init(to serverPort: UInt16) throws {
        self.serverPort = serverPort
        let listener = try LoopbackSocket.listening(on: 0)
        port = try listener.port
        state = Mutex(State(listener: listener))
        accept(from: listener)
    }

    deinit {
        cut()
    }

    /// Ends all connections, wherever their messages are, and refuses new ones.
    package func cut() {
        let (listener, links) = state.withLock { state in
            defer { (state.listener, state.links) = (nil, []) }
            return (state.listener, state.links)
        }
        listener?.end()
        for link in links { link.end() }
    }

    /// Loses all that comes, on the connections there are and on new ones, which stay open.
    package func swallow() {
        lose(.nothing)
    }

    /// Lets the server have what clients say, and clients what the server answers until so many pieces have come that hold
    /// some text. New connections lose all that comes.
    package func swallowAnswers(behind pieces: Int = 0, holding text: String = "") {
        lose(.answers(left: pieces, holding: text))
    }

    private func lose(_ passing: ProxiedLink.Passing) {
        let links = state.withLock { state in
            state.passing = .nothing
            return state.links
        }
        for link in links { link.setPassing(passing) }
    }

    /// Takes connections, and passes on all that comes on those. Older ones stay as they are: what they have lost is
    /// lost.
    package func restore() throws {
        let isListening = state.withLock { state in
            state.passing = .everything
            return state.listener != nil
        }
        if isListening { return }
        let listener = try LoopbackSocket.listening(on: port)
        state.withLock { $0.listener = listener }
        accept(from: listener)
    }

    private func accept(from listener: LoopbackSocket) {
        Thread.detachNewThread { [weak self] in
            while let client = listener.accept() {
                guard let self else { break }
                self.link(client)
            }
            listener.close()
        }
    }

    private func link(_ client: LoopbackSocket) {
        guard let server = try? LoopbackSocket.connected(to: serverPort) else { return client.close() }
        let link = state.withLock { state -> ProxiedLink? in
            guard state.listener != nil else { return nil }
            let link = ProxiedLink(client, server, passing: state.passing)
            state.links.append(link)
            return link
        }
        guard let link else {
            client.close()
            return server.close()
        }
        link.start()
    }
}
