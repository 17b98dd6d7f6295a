import Logging

/// Shows the engine's warnings on standard error, one line each.
struct StandardErrorLog: LogHandler {
    /// For the options of a store that the tool opens.
    static let logger = Logger(label: "strata") { _ in StandardErrorLog() }

    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.warning

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let details = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        let suffix = details.isEmpty ? "" : " (\(details.joined(separator: ", ")))"
        StandardError.write("strata: \(event.level): \(event.message)\(suffix)".terminalSafe + "\n")
    }
}
