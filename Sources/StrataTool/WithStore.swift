import EventSourcing
import Strata

/// Opens a store, works with it and closes it, with the errors of all three as one line each. Says on a terminal how far
/// opening is, where segments have to be read for want of their index.
func withStore<Result>(
    at path: String, options: StrataOptions = StrataOptions(access: .readOnly, logger: StandardErrorLog.logger),
    _ body: (StrataStore) async throws -> Result
) async throws -> Result {
    do {
        let store = try await open(path, options)
        let result: Result
        do {
            result = try await body(store)
        } catch {
            try? await store.close()
            throw error
        }
        try await store.close()
        return result
    } catch let error as StrataError {
        throw ToolError(error, at: path)
    } catch let error as EventStoreError {
        throw ToolError(error, at: path)
    }
}

private func open(_ path: String, _ options: StrataOptions) async throws(StrataError) -> StrataStore {
    let line = ProgressLine(isEnabled: StandardError.isTerminal) { "\($0.byteCount) indexed" }
    defer { line.finish() }
    var options = options
    options.openingProgress = { line.update($0.bytesDone, of: $0.bytesTotal) }
    return try await StrataStore.open(at: path, options: options)
}

extension StrataOptions {
    /// For changing a store that is there.
    static var existing: StrataOptions {
        StrataOptions(createIfMissing: false, logger: StandardErrorLog.logger)
    }
}

extension StrataStore {
    /// Says that what was read of a damaged store is not all.
    func checkCompleteness(at path: String) throws(ToolError) {
        guard let first = damage.first else { return }
        throw ToolError(.found, "\(path): damaged, so events may be missing from the output: \(first)")
    }
}
