import CRawLimits
import Glibc

/// What one side did in one round.
struct Round: Sendable {
    /// The figure, in the row's unit.
    var value: Double
    /// Figures beside it, by name.
    var details: [String: Double] = [:]
    /// How many events or look-ups the figure counts; nil where it counts none.
    var count: Int?
}

/// Counts and times of writers that ran side by side.
struct WriterTimes: Sendable {
    var events = 0
    var nanoseconds: UInt64 = 0
    /// How long each append took, in nanoseconds; empty where that was not measured.
    var latencies: [UInt64] = []
    /// How many appends each writer made.
    var appendsByWriter: [Int] = []

    /// A round of a row that counts events a second.
    func round() -> Round {
        var round = Round(value: Double(events) / (Double(max(nanoseconds, 1)) / 1e9), count: events)
        if !latencies.isEmpty {
            let sorted = latencies.sorted()
            for (name, share) in [("p50 us", 0.5), ("p99 us", 0.99), ("max us", 1.0)] {
                round.details[name] = Double(sorted[Int(Double(sorted.count - 1) * share)]) / 1e3
            }
            round.details["p99 / p50"] = (round.details["p99 us"] ?? 0) / max(round.details["p50 us"] ?? 1, 1e-9)
        }
        if appendsByWriter.count > 1, let least = appendsByWriter.min() {
            let mean = Double(appendsByWriter.reduce(0, +)) / Double(appendsByWriter.count)
            round.details["slowest writer / mean"] = Double(least) / max(mean, 1)
        }
        return round
    }
}

/// The monotonic clock.
enum Clock {
    /// Nanoseconds since some moment.
    static var now: UInt64 { raw_now() }

    /// What all threads of the process have used of the processors, in seconds.
    static var processorSeconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// How long a function takes, in seconds.
    static func seconds(_ body: () async throws -> Void) async rethrows -> Double {
        let start = now
        try await body()
        return Double(now - start) / 1e9
    }
}
