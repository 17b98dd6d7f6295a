// swift-tools-version: 6.3
import PackageDescription

// A package of its own: whoever depends on Strata gets none of what is compared here.
let swiftSettings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

let package = Package(
    name: "strata-benchmarks",
    dependencies: [
        .package(name: "strata", path: "../..", traits: ["PostgreSQL", "JetStream"]),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    ],
    targets: [
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CLMDB", pkgConfig: "lmdb", providers: [.apt(["liblmdb-dev"])]),
        .systemLibrary(name: "CRocksDB", pkgConfig: "rocksdb", providers: [.apt(["librocksdb-dev"])]),
        .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CLibNATS", pkgConfig: "libnats", providers: [.apt(["libnats-dev"])]),
        // What the device and the memory allow.
        .target(name: "CRawLimits", cSettings: [.unsafeFlags(["-O2"])]),
        .executableTarget(
            name: "Benchmarks",
            dependencies: [
                "CSQLite", "CLMDB", "CRocksDB", "CRawLimits", "CLibPQ", "CLibNATS",
                .product(name: "EventSourcing", package: "strata"),
                .product(name: "Strata", package: "strata"),
                // The tool, which appends and exports.
                .product(name: "strata", package: "strata"),
                .product(name: "StrataPostgreSQL", package: "strata"),
                .product(name: "StrataJetStream", package: "strata"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: swiftSettings),
    ],
    swiftLanguageModes: [.v6]
)
