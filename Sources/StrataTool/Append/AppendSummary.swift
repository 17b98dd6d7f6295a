import EventSourcing

/// What a run has done so far.
struct AppendSummary: Hashable, Sendable {
    var appended = 0
    var existing = 0
    var refused = 0
    var invalid = 0
    /// The first line that was refused or is no commit, and why.
    var firstError: String?
    /// The failure that ended the run, such as a full disk.
    var failure: EventStoreError.Code?

    var lines: Int { appended + existing + refused + invalid }

    /// The exit code that the run deserves.
    var status: ExitStatus {
        if let failure { return ExitStatus(failure) }
        if invalid > 0 { return .badData }
        return refused > 0 ? .found : .success
    }

    var text: String {
        "\(appended.grouped) commits appended, \(existing.grouped) existing, \(refused.grouped) refused, "
            + "\(invalid.grouped) invalid"
    }

    /// What there is beside the first error.
    var more: String {
        let others = refused + invalid - 1
        return others > 0 ? " (and \(others.grouped) more)" : ""
    }
}
