import Testing

/// The layers of DESIGN §7: imports point to what stands before.
@Suite struct ModuleBoundaryTests {
    static let layers = [
        "Schemas", "CProcess", "CPostgres", "CRabbitMQ", "CZlib", "Domain", "Signals", "SignalsAMQP", "Storage", "StoragePostgres", "StorageSQLite",
        "Wire",
        "HTTPDoor", "Intake", "Scheduling", "BuildDispatch", "Relay", "Web", "WorkerAgent", "Runtime", "doorbell", "doorbell-worker",
    ]
    static let services: Set = ["Intake", "Scheduling", "BuildDispatch", "Relay", "Web", "WorkerAgent"]

    @Test("A module imports only modules of the layers before its own", arguments: layers)
    func importsPointOneWay(module: String) throws {
        let place = try #require(Self.layers.firstIndex(of: module))
        for file in try sources(of: module) {
            for name in file.imports {
                guard let other = Self.layers.firstIndex(of: name) else { continue }
                #expect(other < place, "\(file.path) imports \(name)")
            }
        }
    }

    @Test("Services never import each other", arguments: services.sorted())
    func servicesAreApart(module: String) throws {
        for file in try sources(of: module) {
            let others = Self.services.intersection(file.imports).subtracting([module])
            #expect(others.isEmpty, "\(file.path) imports \(others.sorted())")
        }
    }

    @Test("The worker knows no store", arguments: ["WorkerAgent", "doorbell-worker"])
    func workerKnowsNoStore(module: String) throws {
        for file in try sources(of: module) {
            let stores = Set(file.imports).intersection(["Storage", "StoragePostgres", "StorageSQLite", "CPostgres", "GRDB", "Runtime"])
            #expect(stores.isEmpty, "\(file.path) imports \(stores.sorted())")
        }
    }

    @Test("Only the store's implementation knows its database, and only the runtime knows every module")
    func databaseStaysInside() throws {
        for module in Self.layers {
            for file in try sources(of: module) where !Set(file.imports).isDisjoint(with: ["GRDB", "StorageSQLite"]) {
                #expect(module == "StorageSQLite" || module == "Runtime", "\(file.path) knows the database")
            }
            for file in try sources(of: module) where !Set(file.imports).isDisjoint(with: ["CPostgres", "StoragePostgres"]) {
                #expect(module == "StoragePostgres" || module == "Runtime", "\(file.path) knows the database")
            }
        }
    }

    @Test("Only the runtime knows which broker there is")
    func brokerStaysInside() throws {
        for module in Self.layers {
            for file in try sources(of: module) where !Set(file.imports).isDisjoint(with: ["CRabbitMQ", "SignalsAMQP"]) {
                #expect(module == "SignalsAMQP" || module == "Runtime", "\(file.path) knows the broker")
            }
        }
    }

    @Test("The domain is pure: no I/O, no clock of its own")
    func domainIsPure() throws {
        let allowed: Set = ["Crypto", "FoundationEssentials"]
        for file in try sources(of: "Domain") {
            #expect(Set(file.imports).isSubset(of: allowed), "\(file.path) imports \(file.imports)")
            for word in ["Date()", "ContinuousClock", "FileManager", "ProcessInfo"] {
                #expect(!file.text.contains(word), "\(file.path) uses \(word)")
            }
        }
    }

    private func sources(of module: String) throws -> [SourceTree.File] {
        let folders = ["Schemas": "schemas", "BuildDispatch": "Sources/Dispatch"]
        let files = try SourceTree().swiftFiles(below: folders[module] ?? "Sources/\(module)")
        if !module.hasPrefix("C") { try #require(!files.isEmpty, "no sources of \(module)") }
        return files
    }
}
