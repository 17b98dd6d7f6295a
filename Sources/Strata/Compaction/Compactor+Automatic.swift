import Logging

extension Compactor {
    /// Compacts whenever a segment was sealed, as long as the log and this object are there.
    nonisolated func runAutomatically(_ options: CompactionOptions, after sealings: AsyncStream<Void>) {
        Task(executorPreference: Simulation.executor) { [weak self] in
            for await _ in sealings {
                guard let self else { return }
                await self.runOnce(options)
            }
        }
    }

    private func runOnce(_ options: CompactionOptions) async {
        do throws(StrataError) {
            _ = try await run(options, CompactionControl(maxBytesPerSecond: options.maxBytesPerSecond))
        } catch {
            guard error.code != .closed else { return }
            logger.warning("an automatic compaction failed", metadata: ["error": "\(error)"])
        }
    }
}
