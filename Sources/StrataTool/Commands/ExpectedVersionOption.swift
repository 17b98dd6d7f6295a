import ArgumentParser
import EventSourcing

/// The option that guards a change of a stream.
struct ExpectedVersionOption: ParsableArguments {
    @Option(
        name: .customLong("expected-version"),
        help: ArgumentHelp(
            "What the stream must be: a version, any, no_stream or stream_exists (which is the default).",
            valueName: "version"))
    var text = "stream_exists"

    func value() throws(ToolError) -> ExpectedVersion {
        switch text {
        case "any": return .any
        case "no_stream": return .noStream
        case "stream_exists": return .streamExists
        default:
            guard let version = Int(text), version >= 0 else {
                throw ToolError(
                    .usage,
                    "--expected-version is a number, any, no_stream or stream_exists, not '\(text)'")
            }
            return .exactly(version)
        }
    }
}

extension StreamID {
    /// The stream that an argument names.
    init(argument: String) throws(ToolError) {
        guard let stream = StreamID(argument) else {
            throw ToolError(.usage, "a stream is TYPE/ID, with one slash and a UUID, not '\(argument)'")
        }
        self = stream
    }
}
