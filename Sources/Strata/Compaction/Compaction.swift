/// A compaction under way.
///
/// It goes on when this value is dropped; closing the store ends it.
public struct Compaction: Sendable {
    /// How far it is, in bytes to be read; ends when the job does.
    public let progress: AsyncStream<JobProgress>
    private let control: CompactionControl
    private let result: Task<Result<CompactionReport, StrataError>, Never>

    init(
        _ options: CompactionOptions,
        run: @escaping @Sendable (CompactionControl) async -> Result<CompactionReport, StrataError>
    ) {
        let (progress, continuation) = AsyncStream.makeStream(
            of: JobProgress.self, bufferingPolicy: .bufferingNewest(1))
        let control = CompactionControl(maxBytesPerSecond: options.maxBytesPerSecond) { continuation.yield($0) }
        self.progress = progress
        self.control = control
        result = Task(executorPreference: Simulation.executor) {
            defer { continuation.finish() }
            return await run(control)
        }
    }

    /// Ends the job soon: the segment that is being written is thrown away, and what was done before stays.
    public func cancel() {
        control.cancel()
    }

    /// Waits for the job; what it did. Cancelling the waiting task cancels the job.
    ///
    /// - Throws: ``StrataError/Code/storageFull`` where there is no room for a rewritten segment beside the old ones; the
    ///   message says how much it takes. ``StrataError/Code/damaged`` where a segment that was to be rewritten is not
    ///   sound, and the codes of failed calls. What was done before stays, and nothing is lost.
    public func report() async throws(StrataError) -> CompactionReport {
        let result = result
        let control = control
        return try await withTaskCancellationHandler {
            await result.value
        } onCancel: {
            control.cancel()
        }.get()
    }
}
