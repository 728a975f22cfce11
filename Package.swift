// swift-tools-version: 6.1
import PackageDescription

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let asyncHTTPClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

// The order of the targets is the order of the layers: a target imports only those above it. LayoutTests holds the sources to it.
let package = Package(
    name: "doorbell",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "doorbell", targets: ["doorbell"]),
        .executable(name: "doorbell-worker", targets: ["doorbell-worker"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        .target(
            name: "Schemas", path: "schemas", exclude: ["events", "references", "asyncapi.yaml", "openapi.json"],
            resources: [.embedInCode("sqlite"), .embedInCode("postgres"), .embedInCode("config")]),
        .target(name: "CProcess"),
        .systemLibrary(name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CRabbitMQ", pkgConfig: "librabbitmq", providers: [.apt(["librabbitmq-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .target(name: "Domain", dependencies: [crypto]),
        .target(name: "Signals", dependencies: [logging, lifecycle]),
        .target(name: "SignalsAMQP", dependencies: ["Signals", "Domain", "CRabbitMQ", logging, lifecycle]),
        .target(name: "Storage", dependencies: ["Domain"]),
        .target(name: "StorageSQLite", dependencies: ["Domain", "Storage", "Schemas", crypto, grdb]),
        .target(name: "StoragePostgres", dependencies: ["Domain", "Signals", "Storage", "Schemas", "CPostgres", crypto]),
        .target(name: "Wire", dependencies: ["Domain"]),
        .target(name: "HTTPDoor", dependencies: ["Domain", "Signals", "Storage", "Wire", "CZlib", crypto, hummingbird]),
        .target(
            name: "Intake",
            dependencies: ["Domain", "Signals", "Storage", "Wire", "HTTPDoor", "CProcess", asyncHTTPClient, crypto, hummingbird, lifecycle, logging]),
        .target(name: "Scheduling", dependencies: ["Domain", "Signals", "Storage"]),
        // Not "Dispatch": that name would shadow the system's module of that name for every package that imports it.
        .target(
            name: "BuildDispatch", dependencies: ["Domain", "Signals", "Storage", "Wire", "HTTPDoor", crypto, hummingbird, lifecycle, logging],
            path: "Sources/Dispatch"),
        .target(name: "Relay", dependencies: ["Domain", "Signals", "Storage", "Wire", asyncHTTPClient, crypto, lifecycle, logging]),
        .target(
            name: "Web", dependencies: ["Domain", "Signals", "Storage", "Schemas", "Wire", "HTTPDoor", hummingbird, lifecycle, logging],
            resources: [.embedInCode("Assets")]),
        .target(name: "WorkerAgent", dependencies: ["Domain", "Wire", "CProcess", asyncHTTPClient, crypto, logging, lifecycle]),
        .target(
            name: "Runtime",
            dependencies: [
                "Domain", "Signals", "Storage", "SignalsAMQP", "StoragePostgres", "StorageSQLite", "Wire", "HTTPDoor", "Intake", "Scheduling",
                "Relay",
                "BuildDispatch", "Web", "WorkerAgent",
                "Schemas", crypto, hummingbird, lifecycle, logging, yams,
            ]),
        .executableTarget(
            name: "doorbell",
            dependencies: ["Domain", "Storage", "Wire", "Runtime", argumentParser, asyncHTTPClient, lifecycle, logging]),
        .executableTarget(name: "doorbell-worker", dependencies: ["Domain", "Wire", "WorkerAgent", argumentParser, lifecycle, logging, unixSignals]),

        .target(name: "TestSupport", dependencies: ["Domain", "Signals", "Storage", logging], path: "Tests/TestSupport"),
        .target(name: "StoreConformance", dependencies: ["Domain", "Storage", "Wire", "TestSupport", crypto], path: "Tests/StoreConformance"),
        .target(name: "BellConformance", dependencies: ["Signals", "TestSupport"], path: "Tests/BellConformance"),
        .target(name: "CSpawn", path: "Tests/CSpawn"),
        .target(name: "ProcessSupport", dependencies: ["CSpawn", asyncHTTPClient], path: "Tests/ProcessSupport"),
        .target(
            name: "ServerSupport", dependencies: ["ProcessSupport"], path: "Tests/ServerSupport",
            exclude: ["foreign_consumer.py", "foreign_publisher.py", "webhook_endpoint.py"]),
        .testTarget(name: "DomainTests", dependencies: ["Domain"]),
        .testTarget(
            name: "SignalsTests",
            dependencies: [
                "Signals", "BellConformance", "TestSupport", logging, lifecycle,
                .product(name: "ServiceLifecycleTestKit", package: "swift-service-lifecycle"),
            ]),
        .testTarget(
            name: "SignalsAMQPTests",
            dependencies: ["SignalsAMQP", "Signals", "BellConformance", "ServerSupport", "ProcessSupport", "TestSupport", logging, lifecycle]),
        .testTarget(name: "StorageSQLiteTests", dependencies: ["StorageSQLite", "Schemas", "Storage", "StoreConformance", "TestSupport", grdb]),
        .testTarget(
            name: "StoragePostgresTests",
            dependencies: [
                "StoragePostgres", "Schemas", "ProcessSupport", "Domain", "Signals", "Storage", "StoreConformance", "ServerSupport", "TestSupport",
            ]),
        .testTarget(name: "WireTests", dependencies: ["Wire", "Domain", "Storage", "TestSupport", yams]),
        .testTarget(
            name: "HTTPDoorTests",
            dependencies: [
                "HTTPDoor", "CZlib", "Domain", "Storage", "Wire", "TestSupport", hummingbird,
                .product(name: "HummingbirdTesting", package: "hummingbird"),
            ]),
        .testTarget(
            name: "IntakeTests",
            dependencies: [
                "Intake", "Domain", "Signals", "Storage", "StorageSQLite", "Wire", "HTTPDoor", "TestSupport", "ProcessSupport", crypto,
                hummingbird, logging, .product(name: "HummingbirdTesting", package: "hummingbird"),
            ], exclude: ["Fixtures"]),
        .testTarget(
            name: "SchedulingTests",
            dependencies: ["Scheduling", "Domain", "Signals", "Storage", "StorageSQLite", "ProcessSupport", "TestSupport", logging],
            exclude: ["croniter_peer.py"]),
        .testTarget(
            name: "DispatchTests",
            dependencies: [
                "BuildDispatch", "Domain", "Signals", "Storage", "StorageSQLite", "Wire", "HTTPDoor", "StoreConformance", "TestSupport", crypto,
                hummingbird, logging, .product(name: "HummingbirdTesting", package: "hummingbird"),
            ]),
        .testTarget(
            name: "RelayTests",
            dependencies: [
                "Relay", "Domain", "Signals", "SignalsAMQP", "Storage", "StoragePostgres", "StoreConformance", "Wire", "ServerSupport",
                "ProcessSupport", "TestSupport", "StorageSQLite", logging, lifecycle,
            ], exclude: ["Outgoing/verify_webhook.py"]),
        .testTarget(
            name: "WebTests",
            dependencies: [
                "Web", "Domain", "Schemas", "Signals", "Storage", "StorageSQLite", "Wire", "HTTPDoor", "StoreConformance", "TestSupport", hummingbird,
                logging,
                .product(name: "HummingbirdTesting", package: "hummingbird"),
            ]),
        .testTarget(
            name: "WorkerAgentTests",
            dependencies: [
                "WorkerAgent", "CProcess", "Domain", "Wire", "ProcessSupport", "TestSupport", "doorbell-worker", asyncHTTPClient, crypto,
                hummingbird, lifecycle, logging,
            ]),
        .testTarget(
            name: "RuntimeTests",
            dependencies: ["Runtime", "Domain", "HTTPDoor", "Schemas", "Signals", "Storage", "StorageSQLite", "TestSupport", logging]),
        .testTarget(
            name: "EndToEndTests",
            dependencies: ["Domain", "Wire", "ProcessSupport", "ServerSupport", "TestSupport", "doorbell", "doorbell-worker", asyncHTTPClient],
            exclude: ["api_client.py", "schemathesis.toml"]),
        .testTarget(
            name: "FaultTests",
            dependencies: [
                "Domain", "Wire", "ProcessSupport", "ServerSupport", "Storage", "StoragePostgres", "StoreConformance", "TestSupport", "doorbell",
                "doorbell-worker", asyncHTTPClient, grdb,
            ]),
        .testTarget(
            name: "SimulationTests",
            dependencies: ["Domain", "Storage", "StoragePostgres", "StorageSQLite", "StoreConformance", "ServerSupport", "TestSupport", crypto]),
        .testTarget(name: "DeployTests", dependencies: ["ProcessSupport", "ServerSupport", "TestSupport", "doorbell", "doorbell-worker", yams]),
        .testTarget(name: "LayoutTests"),
        .executableTarget(
            name: "doorbell-bench",
            dependencies: ["ProcessSupport", "ServerSupport", "TestSupport", argumentParser, grdb], path: "Tests/Benchmarks"),
        .executableTarget(name: "doorbell-floor", dependencies: ["CPostgres", "CRabbitMQ"], path: "Tests/Floor"),
    ],
    swiftLanguageModes: [.v6]
)
