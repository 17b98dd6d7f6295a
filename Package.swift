// swift-tools-version: 6.3
import PackageDescription

let swiftSettings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

let package = Package(
    name: "strata",
    products: [
        .library(name: "EventSourcing", targets: ["EventSourcing"]),
        .library(name: "EventSourcingTesting", targets: ["EventSourcingTesting"]),
        .library(name: "EventCopying", targets: ["EventCopying"]),
        .library(name: "Strata", targets: ["Strata"]),
        .library(name: "StrataPostgreSQL", targets: ["StrataPostgreSQL"]),
        .library(name: "StrataJetStream", targets: ["StrataJetStream"]),
        .executable(name: "strata", targets: ["StrataTool"]),
    ],
    // Off by default: each needs a client library on the machine (Docs/Decisions/0030-traits.md).
    traits: [
        .trait(name: "PostgreSQL", description: "The stores on PostgreSQL; needs libpq (Debian's libpq-dev)."),
        .trait(name: "JetStream", description: "The stores on NATS JetStream; needs libnats (Debian's libnats-dev)."),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    ],
    targets: [
        // The vocabulary: protocols, values, aggregates, in-memory stores.
        .target(
            name: "EventSourcing",
            dependencies: [.product(name: "Logging", package: "swift-log")],
            swiftSettings: swiftSettings),
        // The contract of every store, as a suite any backend can run.
        .target(name: "EventSourcingTesting", dependencies: ["EventSourcing"], swiftSettings: swiftSettings),
        // Copies a store into another one.
        .target(name: "CDigest"),
        .target(name: "EventCopying", dependencies: ["EventSourcing", "CDigest"], swiftSettings: swiftSettings),
        // Events as lines of NDJSON.
        .target(name: "EventInterchange", dependencies: ["EventSourcing"], swiftSettings: swiftSettings),
        // The engine.
        .systemLibrary(name: "CLZ4", pkgConfig: "liblz4", providers: [.apt(["liblz4-dev"])]),
        .target(name: "CStrata"),
        .target(
            name: "Strata",
            dependencies: [
                "EventSourcing", "CLZ4", "CStrata", .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: swiftSettings),
        .target(name: "StrataTesting", dependencies: ["Strata"], swiftSettings: swiftSettings),
        // Runs the simulations for as long as one likes; see Scripts/simulate.
        .executableTarget(
            name: "StrataSimulator",
            dependencies: [
                "Strata", "StrataTesting", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: swiftSettings),
        // The stores on PostgreSQL; empty without the trait.
        .systemLibrary(name: "CPostgreSQL", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .target(
            name: "StrataPostgreSQL",
            dependencies: [
                "EventSourcing", .target(name: "CPostgreSQL", condition: .when(traits: ["PostgreSQL"])),
                .product(name: "DequeModule", package: "swift-collections", condition: .when(traits: ["PostgreSQL"])),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: swiftSettings),
        // The stores on NATS JetStream; empty without the trait.
        .systemLibrary(name: "CNATS", pkgConfig: "libnats", providers: [.apt(["libnats-dev"])]),
        .target(
            name: "StrataJetStream",
            dependencies: [
                "EventSourcing", .target(name: "CNATS", condition: .when(traits: ["JetStream"])),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: swiftSettings),
        // What the fuzz targets do with an input; tests replay the corpora through it.
        .target(
            name: "FuzzHarness",
            dependencies: ["EventInterchange", "EventSourcing", "Strata", "StrataTesting"],
            path: "Fuzz/Harness",
            swiftSettings: swiftSettings),
        // The reference's Order, used by the demo and by tests.
        .target(name: "OrderExample", dependencies: ["EventSourcing"], swiftSettings: swiftSettings),
        .executableTarget(
            name: "StrataTool",
            dependencies: [
                "EventCopying", "EventSourcing", "EventInterchange", "Strata", "OrderExample",
                .target(name: "StrataPostgreSQL", condition: .when(traits: ["PostgreSQL"])),
                .target(name: "StrataJetStream", condition: .when(traits: ["JetStream"])),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: swiftSettings),
        // Several writers in a process that the end-to-end tests kill.
        .executableTarget(
            name: "EndToEndWriters",
            dependencies: [
                "EventSourcing", "Strata", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Tests/EndToEnd/Writers",
            swiftSettings: swiftSettings),
        // Does one thing a number of times: for counting its allocations and instructions; see Scripts/check-cost.
        .executableTarget(
            name: "CostProbe",
            dependencies: [
                "CAllocations", "EventSourcing", "Strata",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Tests/Cost/Probe",
            swiftSettings: swiftSettings),
        // Counts what the allocator is asked for, in whatever program it is linked into.
        .target(name: "CAllocations", path: "Tests/Cost/Allocations"),
        .testTarget(
            name: "EventSourcingTests",
            dependencies: [
                "EventSourcing", "EventSourcingTesting", "OrderExample",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "EventSourcingTestingTests",
            dependencies: ["EventSourcing", "EventSourcingTesting"],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "EventCopyingTests",
            dependencies: ["EventCopying", "EventSourcing", "Strata", "StrataTesting"],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "EventInterchangeTests",
            dependencies: ["EventSourcing", "EventInterchange", "FuzzHarness"],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "StrataTests",
            dependencies: [
                "CStrata", "EventInterchange", "EventSourcing", "EventSourcingTesting", "FuzzHarness", "Strata",
                "StrataTesting", "OrderExample", .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: swiftSettings),
        // Processes and networks that fail, for the tests with servers.
        .target(name: "ServerTesting", path: "Tests/ServerTesting", swiftSettings: swiftSettings),
        // A process that the tests start to append beside others.
        .executableTarget(
            name: "postgresql-writer", dependencies: ["EventSourcing", "StrataPostgreSQL"],
            path: "Tests/PostgreSQLWriter",
            swiftSettings: swiftSettings),
        .testTarget(
            name: "StrataPostgreSQLTests",
            dependencies: [
                "EventSourcing", "EventSourcingTesting", "OrderExample", "ServerTesting", "StrataPostgreSQL",
                "postgresql-writer",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "StrataJetStreamTests",
            dependencies: [
                "EventSourcing", "EventSourcingTesting", "OrderExample", "ServerTesting", "StrataJetStream",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "StrataToolTests",
            dependencies: ["EventSourcing", "Strata", "StrataTool"],
            swiftSettings: swiftSettings),
    ],
    swiftLanguageModes: [.v6]
)

// The fuzzer needs libFuzzer's instrumentation and its run-time library, which Scripts/fuzz asks for.
if Context.environment["STRATA_FUZZ"] != nil {
    package.targets += [
        .target(name: "CFuzzDriver", path: "Fuzz/CDriver"),
        .executableTarget(
            name: "fuzz", dependencies: ["CFuzzDriver", "FuzzHarness"], path: "Fuzz/Driver",
            swiftSettings: swiftSettings,
            linkerSettings: [
                .unsafeFlags(["-sanitize=fuzzer,address"]),
                // See Fuzz/CDriver/coverage.c.
                .unsafeFlags(
                    ["8bit_counters_init", "pcs_init"].flatMap { ["-Xlinker", "--wrap=__sanitizer_cov_\($0)"] }),
            ]),
    ]
    // libFuzzer looks at every counter after every input: only what parses gets some.
    for target in package.targets where target.type == .regular || target.name == "fuzz" {
        let isParser = ["EventInterchange", "EventSourcing", "Strata"].contains(target.name)
        target.swiftSettings =
            (target.swiftSettings ?? []) + [.unsafeFlags(["-sanitize=\(isParser ? "fuzzer,address" : "address")"])]
    }
}
