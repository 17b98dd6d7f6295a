import ArgumentParser
import EventSourcing
import Foundation
import Glibc
import Strata

/// Several writers in one process, for tests that kill it: each appends to a stream of its own and saves snapshots, and
/// says so on standard output once it is acknowledged.
///
/// What is appended follows from the writer's number and the version alone, so that whoever reads the store afterwards
/// knows every byte that must be there. Started again, the writers go on where they were.
@main
struct EndToEndWriters: AsyncParsableCommand {
    @Argument(help: "The store's directory.")
    var store: String

    @Option(help: "How many tasks append side by side.")
    var writers = 1

    @Option(help: "Commits of each writer; none for as many as there is time for.")
    var commits: Int?

    @Option(help: "A commit has at most so many events.")
    var mostEvents = 3

    @Option(help: "A payload has at most so many bytes beyond its numbers.")
    var payload = 300

    @Option(help: "Each writer saves a snapshot after so many commits; 0 for none.")
    var snapshotEvery = 0

    @Option(help: "The longest segment, in bytes.")
    var segmentBytes = 64 << 10

    @Flag(help: "Compact over and over while the writers append.")
    var compact = false

    @Flag(help: "Try again where there is no room, instead of ending.")
    var waitForRoom = false

    func run() async throws {
        let options = StrataOptions(segmentBytes: segmentBytes)
        let opened: StrataStore
        do {
            opened = try await StrataStore.open(at: store, options: options)
        } catch {
            Self.say(#"{"error":"\#(error.code)"}"#)
            throw ExitCode(75)
        }
        Self.say(#"{"opened":true}"#)
        let compactions = compact ? Task { await Self.compactOverAndOver(opened) } : nil
        let isDone = await withTaskGroup(of: Bool.self) { group in
            for number in 1...writers {
                group.addTask { await Writer(number: number, store: opened, plan: self).run() }
            }
            return await group.allSatisfy { $0 }
        }
        compactions?.cancel()
        await compactions?.value
        do { try await opened.close() } catch { Self.say(#"{"error":"\#(error.code)"}"#) }
        guard isDone else { throw ExitCode(74) }
    }

    private static func compactOverAndOver(_ store: StrataStore) async {
        while !Task.isCancelled {
            do throws(StrataError) {
                let report = try await store.compact(CompactionOptions(targetSegmentBytes: 512 << 10)).report()
                if !report.rewrites.isEmpty { say(#"{"compacted":\#(report.rewrites.count)}"#) }
            } catch {
                say(#"{"compaction_error":"\#(error.code)"}"#)
                return
            }
            try? await Task.sleep(for: .milliseconds(2))
        }
    }

    /// Writes a line with one call, so that lines of several tasks do not mix.
    static func say(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        // Nobody left to read is as good a reason to end as being killed.
        guard write(STDOUT_FILENO, bytes, bytes.count) == bytes.count else { _exit(1) }
    }
}

/// One task that appends.
private struct Writer {
    let number: Int
    let store: StrataStore
    let plan: EndToEndWriters

    private var stream: StreamID {
        StreamID("Writer", UUID(uuidString: String(format: "00000000-0000-4000-8000-%012x", number)) ?? UUID())
    }

    /// Whether it came to its end.
    func run() async -> Bool {
        do throws(EventStoreError) {
            var version = try await store.events.version(of: stream)
            var commit = 0
            while commit < plan.commits ?? .max {
                guard let reached = try await append(after: version) else {
                    try? await Task.sleep(for: .milliseconds(5))
                    continue
                }
                version = reached
                commit += 1
                if plan.snapshotEvery > 0, commit % plan.snapshotEvery == 0 { await save(at: version) }
            }
            return true
        } catch {
            EndToEndWriters.say(#"{"writer":\#(number),"error":"\#(error.code)"}"#)
            return false
        }
    }

    /// Appends a commit; returns the version reached, or nil where there was no room and another try may come.
    private func append(after version: Int) async throws(EventStoreError) -> Int? {
        let count = 1 + (version * 31 + number) % plan.mostEvents
        let events = (version + 1...version + count).map(event)
        do throws(EventStoreError) {
            let result = try await store.events.append(events, to: stream, expecting: .exactly(version))
            EndToEndWriters.say(
                #"{"writer":\#(number),"version":\#(result.version),"events":\#(count),"#
                    + #""position":\#(result.lastPosition)}"#)
            return result.version
        } catch {
            guard plan.waitForRoom, error.code == .storageFull || error.code == .ioFailure else { throw error }
            EndToEndWriters.say(#"{"writer":\#(number),"error":"\#(error.code)"}"#)
            return nil
        }
    }

    private func event(_ version: Int) -> NewEvent {
        let filler = String(repeating: "x", count: (number * 7_919 + version * 104_729) % (plan.payload + 1))
        return NewEvent(
            id: UUID(uuidString: String(format: "%08x-0000-4000-8000-%012x", number, version)) ?? UUID(),
            type: "Written", payload: Bytes(#"{"writer":\#(number),"version":\#(version),"filler":"\#(filler)"}"#))
    }

    private func save(at version: Int) async {
        do throws(EventStoreError) {
            try await store.snapshots.save(
                Snapshot(
                    stream: stream, version: version, schemaVersion: 1, createdAt: .distantPast, contentType: .json,
                    state: Bytes(#"{"version":\#(version)}"#)))
            EndToEndWriters.say(#"{"writer":\#(number),"snapshot":\#(version)}"#)
        } catch {
            EndToEndWriters.say(#"{"writer":\#(number),"snapshot_error":"\#(error.code)"}"#)
        }
    }
}
