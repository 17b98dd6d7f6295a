import Foundation
import Glibc

/// A TCP socket on 127.0.0.1, whose calls block.
struct LoopbackSocket: Sendable {
    private let descriptor: Int32

    /// A socket that takes connections.
    ///
    /// - Parameter port: 0 for any that is free.
    static func listening(on port: UInt16) throws -> LoopbackSocket {
        let socket = try LoopbackSocket()
        // Connections that have ended keep the port busy for a while.
        var isOn: Int32 = 1
        setsockopt(socket.descriptor, SOL_SOCKET, SO_REUSEADDR, &isOn, socklen_t(MemoryLayout<Int32>.size))
        guard socket.withAddress(port, { bind(socket.descriptor, $0, $1) }) == 0, listen(socket.descriptor, 64) == 0
        else { throw socket.failure() }
        return socket
    }

    static func connected(to port: UInt16) throws -> LoopbackSocket {
        let socket = try LoopbackSocket()
        guard socket.withAddress(port, { connect(socket.descriptor, $0, $1) }) == 0 else { throw socket.failure() }
        return socket
    }

    private init(_ descriptor: Int32) {
        self.descriptor = descriptor
    }

    private init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
    }

    private func failure() -> POSIXError {
        let error = POSIXError(.init(rawValue: errno) ?? .EIO)
        close()
        return error
    }

    private func withAddress(_ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
        return withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    /// The port that the socket is bound to.
    var port: UInt16 {
        get throws {
            var address = sockaddr_in()
            var size = socklen_t(MemoryLayout<sockaddr_in>.size)
            let result = withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
            }
            guard result == 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
            return UInt16(bigEndian: address.sin_port)
        }
    }

    /// The next connection; nil once the socket has ended.
    func accept() -> LoopbackSocket? {
        let accepted = Glibc.accept(descriptor, nil, nil)
        guard accepted >= 0 else { return nil }
        _ = fcntl(accepted, F_SETFD, FD_CLOEXEC)
        return LoopbackSocket(accepted)
    }

    /// The next bytes; nil once the other side or this one has ended.
    func receive() -> [UInt8]? {
        let bytes = [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, count in
            count = max(0, recv(descriptor, buffer.baseAddress, buffer.count, 0))
        }
        return bytes.isEmpty ? nil : bytes
    }

    /// Sends all bytes; false where the other side or this one has ended.
    func send(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                Glibc.send(
                    descriptor, buffer.baseAddress.map { $0 + sent }, buffer.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    /// Ends the connection, or the taking of connections. Whoever waits in a call returns.
    func end() {
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    /// Gives the socket back. Nobody may use it any longer.
    func close() {
        Glibc.close(descriptor)
    }
}
