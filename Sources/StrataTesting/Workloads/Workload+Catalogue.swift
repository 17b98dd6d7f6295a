import EventSourcing
import Strata

extension Workload {
    /// Compactions of stores with several segments: with nothing released, and with all kinds of releases.
    package static let compactions: [Workload] = [
        Workload(
            "compact",
            (0..<8).map { .append(Append(2, of: 5_000, to: $0 % 2)) } + [
                .compact(CompactionOptions()), .append(Append()), .closeAndReopen, .append(Append()),
            ]),
        Workload(
            "erase",
            (0..<6).map { .append(Append(2, of: 5_000, to: $0 % 3)) } + [
                .saveSnapshot(stream: 0, stateBytes: 500), .saveSnapshot(stream: 1, stateBytes: 500),
                .delete(stream: 0, .tombstone), .truncate(stream: 1, keeping: 1), .compact(CompactionOptions()),
                .append(Append(1, of: 300, to: 1)), .delete(stream: 1, .soft),
                .compact(CompactionOptions(compression: .none)), .append(Append(1, of: 300, to: 1)), .dieAndReopen,
                .append(Append(1, of: 300, to: 2)),
            ]),
        Workload(
            "compact over and over",
            (0..<12).flatMap { number -> [Step] in
                let append = Step.append(Append(1, of: 7_500, to: number % 3))
                guard number % 3 == 2 else { return [append] }
                return [append, .compact(CompactionOptions(targetSegmentBytes: 128 << 10))]
            }),
        Workload(
            "compact without durability", durability: .none,
            (0..<6).map { .append(Append(1, of: 7_500, to: $0 % 2)) } + [
                .truncate(stream: 0, keeping: 1), .compact(CompactionOptions()), .append(Append()), .dieAndReopen,
                .append(Append()),
            ]),
    ]

    /// Streams whose events are released as far as a snapshot stands in for them, with everything that may take it away.
    package static let shortenings: [Workload] = [
        Workload(
            "shorten",
            [
                .append(Append(5)), .saveSnapshot(stream: 0, stateBytes: 300), .shorten(stream: 0), .append(Append(2)),
                .saveSnapshot(stream: 0, stateBytes: 300), .append(Append(1, of: 300, to: 1)),
                .saveSnapshot(stream: 1, stateBytes: 100), .dieAndReopen, .shorten(stream: 0),
                .deleteSnapshot(stream: 1), .append(Append()), .saveSnapshot(stream: 0, stateBytes: 300),
                .deleteSnapshot(stream: 0), .shorten(stream: 0), .append(Append()),
            ]),
        Workload(
            "shorten without durability", durability: .none,
            [
                .append(Append(4)), .saveSnapshot(stream: 0, stateBytes: 300), .shorten(stream: 0), .waitUntilDurable,
                .append(Append(1, of: 300, to: 1)), .saveSnapshot(stream: 1, stateBytes: 100), .append(Append()),
                .saveSnapshot(stream: 0, stateBytes: 300), .deleteSnapshot(stream: 1),
                .append(Append(1, of: 100, to: 2)), .dieAndReopen, .append(Append()),
                .saveSnapshot(stream: 0, stateBytes: 300), .shorten(stream: 0),
            ]),
        Workload(
            "shorten and compact", durability: .none,
            (0..<3).map { .append(Append(3, of: 5_000, to: $0 % 2)) } + [
                .saveSnapshot(stream: 0, stateBytes: 300), .shorten(stream: 0),
                .saveSnapshot(stream: 1, stateBytes: 300), .shorten(stream: 1),
                .compactBeside([
                    .append(Append()), .saveSnapshot(stream: 0, stateBytes: 300), .append(Append(1, of: 300, to: 1)),
                    .saveSnapshot(stream: 1, stateBytes: 300),
                ]),
                .append(Append()), .append(Append(1, of: 100, to: 1)), .append(Append(1, of: 100, to: 2)),
                .append(Append()), .saveSnapshot(stream: 0, stateBytes: 300), .dieAndReopen,
                .compactBeside([
                    .append(Append(1, of: 300, to: 1)), .saveSnapshot(stream: 1, stateBytes: 300), .append(Append()),
                    .saveSnapshot(stream: 0, stateBytes: 300),
                ]), .append(Append()),
            ]),
        Workload(
            "shorten in several segments", durability: .interval(.seconds(3_600)),
            (0..<6).flatMap { number in
                [
                    Workload.Step.append(Append(2, of: 300, to: number % 2)),
                    .saveSnapshot(stream: number % 2, stateBytes: 6_000), .shorten(stream: number % 2),
                ]
            } + [.append(Append()), .saveSnapshot(stream: 0, stateBytes: 100)]),
    ]

    /// Short workloads: one for each thing that a store does, and thirty-nine that seeds determine.
    package static let catalogue: [Workload] =
        [
            Workload("create", []),
            Workload(
                "clock jumps",
                [
                    .append(Append()), .jumpClock(seconds: .tenYears), .append(Append()), .closeAndReopen,
                    .jumpClock(seconds: -2 * .tenYears), .append(Append(1, of: 9_000)), .append(Append(1, of: 9_000)),
                    .dieAndReopen, .append(Append()), .saveSnapshot(stream: 0, stateBytes: 100),
                ]),
            Workload("append small", [.append(Append()), .append(Append(1, of: 0)), .append(Append(1, of: 410))]),
            Workload("append many", [.append(Append(40, of: 30)), .append(Append(5, of: 700, to: 1))]),
            Workload(
                "append large",
                [.append(Append(1, of: 2_500)), .append(Append(1, of: 17_500)), .append(Append())]),
            Workload(
                "group commit",
                [
                    .appendTogether((0..<10).map { Append(1, of: 300, to: $0) }),
                    .appendTogether((0..<10).map { Append(2, of: 600, to: $0 % 3) }),
                ]),
            Workload("roll over", (0..<8).map { .append(Append(1, of: 5_000, to: $0 % 2)) }),
            Workload(
                "snapshots",
                [
                    .append(Append(3)), .saveSnapshot(stream: 0, stateBytes: 900), .append(Append(2, of: 300, to: 1)),
                    .saveSnapshot(stream: 1, stateBytes: 10_000), .saveSnapshot(stream: 0, stateBytes: 7_500),
                    .deleteSnapshot(stream: 0), .append(Append()), .deleteSnapshot(stream: 1),
                ]),
            Workload(
                "close and reopen",
                [.append(Append()), .closeAndReopen, .append(Append()), .closeAndReopen, .closeAndReopen]),
            Workload(
                "die and reopen",
                [
                    .append(Append()), .dieAndReopen, .append(Append()), .saveSnapshot(stream: 0, stateBytes: 100),
                    .dieAndReopen, .append(Append(1, of: 12_500)), .append(Append(1, of: 5_000)), .dieAndReopen,
                    .append(Append()),
                ]),
            Workload(
                "no durability", durability: .none,
                [
                    .append(Append()), .append(Append(1, of: 1_000, to: 1)), .append(Append()), .waitUntilDurable,
                    .append(Append(2, of: 900)), .append(Append(1, of: 15_000)), .append(Append()), .dieAndReopen,
                    .append(Append(1, of: 15_000)), .append(Append()), .closeAndReopen, .append(Append()),
                ]),
            Workload(
                "releases",
                [
                    .append(Append(5)), .truncate(stream: 0, keeping: 2), .append(Append(1, of: 300, to: 1)),
                    .delete(stream: 1, .tombstone), .append(Append(2)), .delete(stream: 0, .soft), .closeAndReopen,
                    .append(Append(3)), .truncate(stream: 0, keeping: 1), .dieAndReopen, .append(Append()),
                ]),
            Workload(
                "releases and roll over",
                (0..<6).flatMap { number in
                    [
                        Workload.Step.append(Append(2, of: 3_000, to: number % 2)),
                        .truncate(stream: number % 2, keeping: 1),
                    ]
                }),
        ] + compactions + shortenings
        + (1...39).map { $0.isMultiple(of: 4) ? .randomWithReleases(seed: $0) : .random(seed: $0) }
}

extension Int64 {
    /// In seconds.
    static let tenYears: Int64 = 315_360_000
}
