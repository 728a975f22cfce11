import Domain
import Foundation
import HTTPDoor
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import ServiceLifecycle
import Signals
import Storage
import StorageSQLite
import StoreConformance
import TestSupport
import Testing
import Wire

@testable import BuildDispatch

/// A dispatcher on a store of a test's own, its loops running, with both clocks in the test's hands.
struct DispatchRig: Sendable {
    let store: SQLiteStore
    let storeClock: ManualStoreClock
    let clock: ManualClock
    let bell: LocalBell
    let service: DispatchService
    let access: AccessKeeper
    let client: any TestClientProtocol
    private let events: Watched<Int>

    static let json: HTTPFields = [.contentType: "application/json"]
    static let secret = String(repeating: "s", count: 32)

    static func with(
        _ builders: [Builder] = [Samples.builder("test")], access mode: AccessMode = .off,
        _ test: @Sendable @escaping (DispatchRig) async throws -> Void
    ) async throws {
        let directory = TemporaryDirectory()
        let (storeClock, clock, bell, events) = (ManualStoreClock(), ManualClock(), LocalBell(), Watched(0))
        let store = try await SQLiteStore.open(directory: directory.path, clock: storeClock)
        store.onEvents { events.change { $0 += 1 } }
        _ = try await store.apply(Samples.configuration(builders: builders, uses: builders.map(\.name)), digest: Samples.digest(1))
        let access = AccessKeeper(mode: mode, store: store)
        let service = DispatchService(
            store: store, bell: bell, logs: LogBell(), storeClock: storeClock, clock: clock, access: access, logger: LogRecorder().logger)
        let router = DoorRouter.door(access: access)
        service.addRoutes(to: router)
        try await Application(router: router).test(.router) { client in
            let rig = DispatchRig(
                store: store, storeClock: storeClock, clock: clock, bell: bell, service: service, access: access, client: client, events: events)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for service in service.loops + service.services { group.addTask { try await service.run() } }
                defer { group.cancelAll() }
                // Until then nobody would notice that time goes on.
                await rig.heartbeat()
                try await test(rig)
            }
        }
        try await store.close()
    }

    func call(_ method: HTTPRequest.Method, _ path: String, secret: String? = secret, _ headers: HTTPFields = json, body: ByteBuffer? = nil)
        async throws -> TestResponse
    {
        var headers = headers
        if let secret { headers[.authorization] = "Bearer \(secret)" }
        return try await client.executeRequest(uri: "/worker/v1/" + path, method: method, headers: headers, body: body)
    }

    func open(
        _ name: String = "w1", incarnation: String = "incarnation-1", secret: String = secret, labels: Labels = [:], slots: Int = 2,
        token: String? = nil
    ) async throws -> TestResponse {
        let request = SessionRequest(
            worker: name, incarnation: incarnation, secret: secret, version: "1.0", labels: labels, slots: slots)
        return try await call(.post, "sessions", secret: token, body: ByteBuffer(bytes: JSONEncoder().encode(request)))
    }

    /// A worker with an open session.
    func worker(_ name: String = "w1", incarnation: String = "incarnation-1", labels: Labels = [:], slots: Int = 2) async throws -> WireWorker {
        let response = try await open(name, incarnation: incarnation, labels: labels, slots: slots)
        return WireWorker(rig: self, session: try Self.decode(SessionDocument.self, response).session)
    }

    /// Demand for builds, and the ring that tells of it.
    @discardableResult
    func force(_ count: Int = 1, _ builder: String = "test") async throws -> [Domain.RequestID] {
        var requests: [Domain.RequestID] = []
        for number in 0..<count {
            requests.append(try await store.force(Samples.force(builder, revision: "\(number)"), idempotency: nil).request)
        }
        bell.ring(.dispatchMatch)
        return requests
    }

    /// Both clocks go on second by second, as they do for a process that runs.
    func pass(seconds: Int) async {
        for _ in 0..<seconds {
            storeClock.advance(by: .seconds(1))
            clock.advance(by: .seconds(1))
            await heartbeat()
        }
    }

    private func heartbeat() async { await clock.sleeper(until: clock.now.advanced(by: .seconds(1))) }

    /// Returns once what is asked of the store holds; it is asked again after each event.
    func until(_ condition: @Sendable () async throws -> Bool) async throws {
        while true {
            let seen = events.value
            if try await condition() || Task.isCancelled { return }
            await events.wait { $0 > seen }
        }
    }

    static func decode<Document: Decodable>(_ type: Document.Type = Document.self, _ response: TestResponse) throws -> Document {
        try JSONDecoder().decode(type, from: Data(buffer: response.body))
    }

    static func problem(_ response: TestResponse) throws -> Problem {
        #expect(response.headers[.contentType] == Problem.contentType)
        return try decode(Problem.self, response)
    }
}
