/// Whoever reads the output has gone: a reason to end quietly.
struct ClosedOutput: Error {
    /// What a shell shows for a process that SIGPIPE ended.
    static let unfinishedWork: Int32 = 141

    /// 0 where only output was left to write.
    var exitCode: Int32 = 0
}
