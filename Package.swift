// swift-tools-version: 6.1
import PackageDescription

// Imports point down this list only; Tests/LayoutTests checks it against the sources.
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
        .target(name: "Schemas", path: "schemas", resources: [.embedInCode("sqlite")]),
        .target(name: "CProcess"),
        .target(name: "Domain", dependencies: [.product(name: "Crypto", package: "swift-crypto")]),
        .target(name: "Signals", dependencies: [.product(name: "Logging", package: "swift-log"),
            .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")]),
        .target(name: "Storage", dependencies: ["Domain"]),
        .target(name: "StorageSQLite", dependencies: ["Domain", "Storage", "Schemas", .product(name: "GRDB", package: "GRDB.swift")]),
        .target(name: "Web", dependencies: [.product(name: "Hummingbird", package: "hummingbird")]),
        .executableTarget(name: "doorbell", dependencies: ["StorageSQLite", "Web", "Signals", "CProcess", .product(name: "Yams", package: "Yams"),
            .product(name: "ArgumentParser", package: "swift-argument-parser")]),
        .executableTarget(name: "doorbell-worker", dependencies: [.product(name: "AsyncHTTPClient", package: "async-http-client")]),
        .testTarget(name: "DomainTests", dependencies: ["Domain", "doorbell"]),
    ],
    swiftLanguageModes: [.v6]
)
