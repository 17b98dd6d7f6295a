/// The exit codes of the tool: those of BSD's `sysexits.h` where one fits.
enum ExitStatus: Int32, Sendable {
    case success = 0
    /// Damage or a conflict was found.
    case found = 1
    case usage = 64
    /// The input, or what a path holds, is not what it should be.
    case badData = 65
    case cannotCreate = 73
    case ioFailure = 74
    case locked = 75
    case notPermitted = 77

    /// What `--help` says about them.
    static let help = """
        EXIT CODES: 0 fine; 1 damage or a conflict found; 64 usage; 65 bad input data, not a store, a newer format, or \
        no such stream; 73 cannot create; 74 I/O error, no such store or file; 75 locked by another process; \
        77 not permitted; 130 and 143 ended by a signal before it was done; 141 nobody reads the acknowledgements.
        """
}
