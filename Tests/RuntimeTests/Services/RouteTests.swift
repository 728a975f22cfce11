import HTTPDoor
import Logging
import TestSupport
import Testing

@testable import Runtime

@Suite struct RouteTests {
    @Test("Every route of every service is in the table of who may call it, and the table has no other")
    func routes() async throws {
        let directory = TemporaryDirectory()
        let settings = try Settings(environment: [:], dataDirectory: directory.path, listen: "127.0.0.1:0")
        let store = try await StoreFactory.open(settings, migrating: true)
        let assembly = try await ServiceAssembly(
            roles: Set(Role.allCases), settings: settings, store: store, configurationPath: nil, onListening: { _ in },
            makeLogger: { _ in LogRecorder().logger })
        let served = Set(assembly.routes).filter { !$0.hasPrefix("GET /schemas/events/v1/") }
        let listed = Set(AccessTable.routes.map(\.route))
        #expect(served.subtracting(listed).isEmpty, "\(served.subtracting(listed).sorted())")
        #expect(listed.subtracting(served).isEmpty, "\(listed.subtracting(served).sorted())")
        #expect(assembly.routes.allSatisfy { !$0.hasPrefix("OPTIONS ") })
        try await store.store.close()
    }
}
