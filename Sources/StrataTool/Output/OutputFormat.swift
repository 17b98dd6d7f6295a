import ArgumentParser

/// For whom results are written.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable, Sendable {
    /// For people: tables.
    case text
    /// For machines: one JSON object, or one a line.
    case json
}
