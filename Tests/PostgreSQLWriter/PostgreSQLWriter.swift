#if PostgreSQL
import EventSourcing
import Foundation
import StrataPostgreSQL

/// Appends events to shared streams side by side with other processes, and says what became of each append.
///
///     postgresql-writer CONNECTION SCHEMA SEED SECONDS STREAM...
///
/// Prints a line an append: `stored STREAM VERSION POSITION ID...`, `conflict`, `failed ID...`, or `unknown ID...`.
@main struct PostgreSQLWriter {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count > 5, let seed = UInt64(arguments[3]), let seconds = Double(arguments[4]) else {
            FileHandle.standardError.write(Data("postgresql-writer CONNECTION SCHEMA SEED SECONDS STREAM...\n".utf8))
            exit(64)
        }
        var options = PostgreSQLOptions(arguments[1], poolSize: 4, maxOverflow: 0)
        options.reconnect.timeout = .seconds(30)
        let pool = PostgreSQLConnectionPool(options)
        let store = PostgreSQLEventStore(pool, schema: PostgreSQLSchema(arguments[2]) ?? .strata)
        let streams = arguments[5...].compactMap { StreamID($0) }
        let end = ContinuousClock.now + .seconds(seconds)
        await withTaskGroup { group in
            for task in 0..<4 {
                group.addTask {
                    await append(to: streams, of: store, seed: seed &* 4 &+ UInt64(task), until: end)
                }
            }
        }
        pool.close()
    }

    private static func append(
        to streams: [StreamID], of store: PostgreSQLEventStore, seed: UInt64, until end: ContinuousClock.Instant
    ) async {
        var random = SplitMix64(state: seed)
        var versions: [StreamID: Int] = [:]
        while ContinuousClock.now < end, let stream = streams.randomElement(using: &random) {
            let events = (0..<Int.random(in: 1...3, using: &random)).map { _ in
                NewEvent(type: "Appended", payload: Bytes(#"{"seed":\#(seed)}"#))
            }
            let ids = events.map(\.id.uuidString).joined(separator: " ")
            let version = versions[stream] ?? 0
            do {
                let result = try await store.append(events, to: stream, expecting: .exactly(version))
                versions[stream] = result.version
                say("stored \(stream) \(result.version - events.count + 1) \(result.firstPosition) \(ids)")
            } catch {
                switch error.code {
                case .versionConflict: say("conflict")
                case .outcomeUnknown: say("unknown \(ids)")
                default: say("failed \(ids) \(error.code)")
                }
                versions[stream] = error.actualVersion
            }
        }
    }

    private static func say(_ line: String) {
        FileHandle.standardOutput.write(Data((line + "\n").utf8))
    }
}

/// Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014).
private struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
#else
@main struct PostgreSQLWriter {
    static func main() {
        print("this build has no PostgreSQL: enable the package's trait of that name")
    }
}
#endif
