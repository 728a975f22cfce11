import Domain
import HTTPDoor
import Logging
import TestSupport
import Testing
import Wire

@testable import Runtime

@Suite struct RouteTests {
    @Test("The OpenAPI document has every route of the API that a server has, and no other")
    func documented() async throws {
        let directory = TemporaryDirectory()
        let settings = try Settings(environment: [:], dataDirectory: directory.path, listen: "127.0.0.1:0")
        let store = try await StoreFactory.open(settings, migrating: true)
        let assembly = try await ServiceAssembly(
            roles: Set(Role.allCases), settings: settings, store: store, configurationPath: nil, onListening: { _ in },
            makeLogger: { Logger(label: $0) { _ in SwiftLogNoOpLogHandler() } })
        let prefixes = ["/api/", "/hooks/", "/schemas/", "/references/", "/livez", "/readyz", "/metrics"]
        let routes = assembly.routes.filter { route in prefixes.contains { route.path.hasPrefix($0) } }.map { "\($0.method) \($0.path)" }
        let documented = APIOperation.all.map { "\($0.method.uppercased()) \($0.path)" }
        #expect(Set(routes).subtracting(documented).sorted() == [])
        #expect(Set(documented).subtracting(routes).sorted() == [])
        // What is left are the pages, with their signing in and out, and the protocol of workers, which has a document of its own.
        let others = assembly.routes.filter { route in !prefixes.contains { route.path.hasPrefix($0) } }
        #expect(others.allSatisfy { $0.path.hasPrefix("/worker/v1/") || $0.path.hasPrefix("/sign-") || $0.method == "GET" })
        try await store.store.close()
    }

    @Test("Every route of every service is in the table of who may call it, and the table has no other")
    func permitted() async throws {
        let directory = TemporaryDirectory()
        let settings = try Settings(environment: [:], dataDirectory: directory.path, listen: "127.0.0.1:0")
        let store = try await StoreFactory.open(settings, migrating: true)
        let assembly = try await ServiceAssembly(
            roles: Set(Role.allCases), settings: settings, store: store, configurationPath: nil, onListening: { _ in },
            makeLogger: { _ in LogRecorder().logger })
        let served = Set(assembly.routes.map { "\($0.method) \($0.path)" }).filter { !$0.hasPrefix("GET /schemas/events/v1/") }
        let listed = Set(AccessTable.routes.map(\.route))
        #expect(served.subtracting(listed).isEmpty, "\(served.subtracting(listed).sorted())")
        #expect(listed.subtracting(served).isEmpty, "\(listed.subtracting(served).sorted())")
        #expect(!assembly.routes.contains { $0.method == "OPTIONS" })
        try await store.store.close()
    }
}
