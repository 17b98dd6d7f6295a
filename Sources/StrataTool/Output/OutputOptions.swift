import ArgumentParser

/// The option that every command has.
struct OutputOptions: ParsableArguments {
    @Option(help: "text, or json: one JSON object, or one a line. The default is text on a terminal, otherwise json.")
    var format: OutputFormat?

    /// The format that was asked for, or the one that fits whoever reads.
    var resolved: OutputFormat { format ?? (StandardOutput.isTerminal ? .text : .json) }
}
