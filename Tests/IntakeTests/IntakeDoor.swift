import Domain
import Foundation
import HTTPDoor
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Intake
import Signals
import Storage
import StorageSQLite
import TestSupport
import Testing
import Wire

/// The intake's routes on a store of a test's own.
struct IntakeDoor: Sendable {
    let client: any TestClientProtocol
    let store: SQLiteStore
    /// How often the classifier was rung for.
    let rings: Watched<Int>

    static let json: HTTPFields = [.contentType: "application/json"]
    static let minimum = #""project":"demo","repository":"https://example.org/demo.git","branch":"main","revision":"1""#

    /// - Parameter other: what the intake writes to instead of the store.
    static func with(_ other: (any ChangeStore)? = nil, _ test: @Sendable (IntakeDoor) async throws -> Void) async throws {
        let directory = TemporaryDirectory()
        let store = try await SQLiteStore.open(directory: directory.path)
        let bell = LocalBell()
        let rings = Watched(0)
        let subscription = bell.listen(to: .schedulingClassify) { rings.change { $0 += 1 } }
        let router = DoorRouter.door()
        ChangeIntake(store: other ?? store, bell: bell, deployment: store.deployment).addRoutes(to: router)
        try await Application(router: router).test(.router) { try await test(IntakeDoor(client: $0, store: store, rings: rings)) }
        subscription.cancel()
        try await store.close()
    }

    func post(_ body: String, _ headers: HTTPFields = json) async throws -> TestResponse {
        try await post(ByteBuffer(string: body), headers)
    }

    func post(_ body: ByteBuffer, _ headers: HTTPFields = json) async throws -> TestResponse {
        try await client.executeRequest(uri: "/api/v1/changes", method: .post, headers: headers, body: body)
    }

    /// The fields that every change has, and these.
    func submit(_ more: String = "", _ headers: HTTPFields = json) async throws -> TestResponse {
        try await post("{\(Self.minimum)\(more.isEmpty ? "" : ",")\(more)}", headers)
    }

    func changes() async throws -> [Change] { try await store.changes(PageQuery(ChangeFilterFields(), ascending: true, limit: 1000)) }

    static func accepted(_ response: TestResponse) throws -> ChangeAccepted {
        try JSONDecoder().decode(ChangeAccepted.self, from: Data(buffer: response.body))
    }

    static func problem(_ response: TestResponse) throws -> Problem {
        #expect(response.headers[.contentType] == Problem.contentType)
        return try JSONDecoder().decode(Problem.self, from: Data(buffer: response.body))
    }
}
