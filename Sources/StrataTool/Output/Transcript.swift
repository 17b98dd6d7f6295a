/// The lines that examples print, kept, and shown as they come where that is wanted.
final class Transcript {
    private(set) var lines: [String] = []
    private let output: StandardOutput?
    private var failure: (any Error)?

    init(echoingTo output: StandardOutput?) {
        self.output = output
    }

    func add(_ line: String) {
        lines.append(line)
        guard failure == nil, let output else { return }
        do {
            try output.write(line + "\n")
            try output.flush()
        } catch {
            failure = error
        }
    }

    /// Throws the error that writing met, if any.
    func check() throws {
        if let failure { throw failure }
    }
}
