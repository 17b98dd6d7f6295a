import ArgumentParser
import EventCopying
import EventSourcing
import Foundation
import Strata

struct CopyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "copy",
        abstract: "Copy a store into another one, on a disk or on a server; again: goes on where it stood.",
        discussion: """
            A store is a directory, postgres://USER@HOST/DATABASE (with ?schema=NAME where it is not strata), or \
            nats://HOST:PORT/NAME (with ?replicas=3; several HOST:PORT with commas). tls:// in place of nats:// demands TLS; \
            &tls_ca=FILE names the authorities to trust, &tls_cert=FILE&tls_key=FILE what the server knows us by, \
            &tls_name=NAME what its certificate is for. Servers need a tool that is built with --traits \
            PostgreSQL,JetStream. The destination is made where it is not there.

            Events keep their order, ids, versions, times, contents and metadata; streams begin where they begin in the \
            source, tombstones and snapshots come along. Positions are the destination's own. Works beside writers of the \
            source. Nobody else may write to the destination: what is there must be the beginning of the source, otherwise \
            the run ends with 1 and names the first difference.

            At the end, both stores are read again and compared by a digest of each stream (SHA-256); where they differ, the \
            run ends with 1. A run that was cut off, by whatever, is repeated with the same command. SIGINT and SIGTERM end \
            it behind a whole commit, with 130 or 143.

            With --follow, the copy goes on with what is appended to the source until SIGINT or SIGTERM, copies what is there \
            by then, and compares: stop the writers, send SIGINT, and on 0 let the writers go on with the destination.

            JSON is one object: {"source":…,"destination":…,"identical":…,"events_copied":…,"events":…,"streams":…,\
            "released_streams":…,"snapshots_copied":…,"snapshots":…,"difference_count":…,"differences":[{"kind":…,\
            "stream":…},…]}.
            """)

    @Argument(help: "The store to copy.")
    var source: StoreAddress

    @Argument(help: "The store to copy into.")
    var destination: StoreAddress

    @Flag(help: "Go on with new events until SIGINT or SIGTERM.")
    var follow = false

    @Flag(help: "Copy nothing, only compare.")
    var verifyOnly = false

    @OptionGroup var outputOptions: OutputOptions

    func validate() throws {
        for case .invalid(let shown) in [source, destination] {
            throw ValidationError("\(shown) is no address of a store, or has an option that is none.")
        }
        if follow, verifyOnly { throw ValidationError("--follow and --verify-only exclude each other.") }
    }

    func run() async throws {
        let interruption = Interruption()
        let from = try await source.open(for: .reading)
        let report: CopyReport
        do {
            let to = try await destination.open(for: verifyOnly ? .reading : .writing)
            do {
                report = try await run(from, to, interruption)
                try await to.close()
            } catch {
                try? await to.close()
                throw error
            }
            try await from.close()
        } catch {
            try? await from.close()
            switch error {
            case let error as CopyError where error.code == .stopped: throw stopped("while comparing", interruption)
            case let error as CopyError: throw toolError(error)
            // Of the source, when it is opened once more behind following it.
            case let error as EventStoreError: throw ToolError(error, at: "\(source)")
            case let error as StrataError: throw ToolError(error, at: "\(destination)")
            default: throw error
            }
        }
        try report.write(from: source, to: destination, outputOptions)
        guard report.isIdentical else {
            let count = report.differenceCount
            throw ToolError(
                .found, "\(destination): differs from \(source) in \(count.grouped) \(count == 1 ? "place" : "places")")
        }
    }

    private func run(
        _ from: any OpenStore, _ to: any OpenStore, _ interruption: Interruption
    ) async throws -> CopyReport {
        let line = CopyProgressLine()
        defer { line.finish() }
        var copy = StoreCopy(from: await from.store, to: await to.store, stop: interruption.stop) { line.update($0) }
        if verifyOnly { return try await copy.compare() }
        let isComplete: Bool
        if follow {
            isComplete = try await copy.follow { position async throws(EventStoreError) in
                try await from.next(behind: position)
            }
            copy.source = try await from.refresh()
            if isComplete { _ = try await copy.copy(evenIfStopped: true) }
        } else {
            isComplete = try await copy.copy()
        }
        line.finish()
        guard isComplete else {
            throw stopped("behind \(copy.eventsCopied.grouped) events", interruption)
        }
        // Whoever follows has it compared by the signal that ends it.
        return try await copy.verify(evenIfStopped: follow)
    }

    private func stopped(_ place: String, _ interruption: Interruption) -> ClosedOutput {
        StandardError.write("strata: stopped \(place); run the same command again to go on\n")
        return ClosedOutput(exitCode: interruption.exitCode ?? ClosedOutput.unfinishedWork)
    }

    private func toolError(_ error: CopyError) -> ToolError {
        switch error.code {
        case .sourceFailed: ToolError(copying: error, at: source)
        case .destinationFailed: ToolError(copying: error, at: destination)
        case .sourceUnsettled: ToolError(.found, "\(source): \(error.message)")
        default: ToolError(.found, "\(destination): \(error.message)")
        }
    }
}

extension ToolError {
    fileprivate init(copying error: CopyError, at address: StoreAddress) {
        guard let cause = error.cause else {
            self.init(.ioFailure, "\(address): \(error.message)")
            return
        }
        var error = ToolError(cause, at: "\(address)")
        if let reason = cause.jetStreamReason { error = ToolError(error.status, "\(error.message): \(reason)") }
        self = error
    }
}
