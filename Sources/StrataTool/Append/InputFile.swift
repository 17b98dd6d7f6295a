import Dispatch
import Foundation

/// An input that is read in chunks, on a thread of its own: a read may wait for long.
final class InputFile: Sendable {
    private static let chunkBytes = 256 << 10

    private let name: String
    private let descriptor: Int32
    private let queue = DispatchQueue(label: "strata.input")

    /// The size where the input is a file.
    let byteCount: Int?

    /// - Parameter path: nil or `-` for standard input.
    init(path: String?) throws(ToolError) {
        if let path, path != "-" {
            name = path
            descriptor = open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { throw Self.failure(errno, reading: path) }
        } else {
            name = "standard input"
            descriptor = STDIN_FILENO
        }
        var status = stat()
        let isFile = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
        byteCount = isFile ? Int(status.st_size) : nil
    }

    deinit {
        if descriptor != STDIN_FILENO { close(descriptor) }
    }

    /// The next bytes, as soon as there are any; nil at the end.
    func next() async throws(ToolError) -> [UInt8]? {
        let result = await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: self.read()) }
        }
        return try result.get()
    }

    private func read() -> Result<[UInt8]?, ToolError> {
        while true {
            var failure: Int32?
            // `read` fills at most the capacity that it is told, and says how much.
            let chunk = [UInt8](unsafeUninitializedCapacity: Self.chunkBytes) { buffer, count in
                let result = Foundation.read(descriptor, buffer.baseAddress, buffer.count)
                if result < 0 { failure = errno }
                count = max(0, result)
            }
            switch failure {
            case nil: return .success(chunk.isEmpty ? nil : chunk)
            case EINTR: continue
            case EAGAIN:
                var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
                _ = Foundation.poll(&poll, 1, -1)
            case let number?: return .failure(Self.failure(number, reading: name))
            }
        }
    }

    private static func failure(_ number: Int32, reading name: String) -> ToolError {
        let isForbidden = number == EACCES || number == EPERM
        return ToolError(isForbidden ? .notPermitted : .ioFailure, "\(name): \(String(cString: strerror(number)))")
    }
}
