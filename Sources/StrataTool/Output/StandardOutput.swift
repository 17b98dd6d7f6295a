import Foundation

/// Where results go, in large writes.
final class StandardOutput {
    private static let bufferBytes = 64 << 10

    private var buffer: [UInt8] = []
    private let descriptor: Int32

    init(descriptor: Int32 = STDOUT_FILENO) {
        self.descriptor = descriptor
        buffer.reserveCapacity(2 * Self.bufferBytes)
    }

    static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    func write(_ bytes: some Collection<UInt8>) throws {
        buffer.append(contentsOf: bytes)
        if buffer.count >= Self.bufferBytes { try flush() }
    }

    func write(_ text: String) throws {
        try write(text.utf8)
    }

    /// Hands everything on.
    ///
    /// - Throws: ``ClosedOutput`` where the reader has gone, ``ToolError`` where writing fails.
    func flush() throws {
        defer { buffer.removeAll(keepingCapacity: true) }
        var written = 0
        while written < buffer.count {
            // The pointer lives as long as the call, and the length is the buffer's.
            let count = buffer[written...].withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if count >= 0 {
                written += count
            } else if errno == EAGAIN {
                var poll = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = Foundation.poll(&poll, 1, -1)
            } else if errno == EPIPE {
                throw ClosedOutput()
            } else if errno != EINTR {
                throw ToolError(.ioFailure, "standard output: \(String(cString: strerror(errno)))")
            }
        }
    }
}
