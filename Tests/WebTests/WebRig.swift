import Domain
import Foundation
import HTTPDoor
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import NIOEmbedded
import Signals
import Storage
import StorageSQLite
import StoreConformance
import TestSupport
import Testing
import Wire

@testable import Web

/// The web service on a store of a test's own, with a configuration in force.
struct WebRig: Sendable {
    let store: SQLiteStore
    let service: WebService
    let logs: LogBell
    let bell: LocalBell
    let client: any TestClientProtocol
    private let inForce: Watched<AppliedConfiguration>
    private let responder: RouterResponder<DoorContext>

    static let json: HTTPFields = [.contentType: "application/json"]

    static func with(
        _ builders: [Builder] = [Samples.builder("test"), Samples.builder("docs")], schedulers: [SchedulerRule] = [], locks: [Lock] = [],
        limit: Int? = nil, projects: [ProjectRule] = [], webhooks: [Webhook] = [], clock: ManualStoreClock? = nil, access mode: AccessMode = .off,
        _ test: @Sendable @escaping (WebRig) async throws -> Void
    ) async throws {
        let directory = TemporaryDirectory()
        let store = try await SQLiteStore.open(directory: directory.path, clock: clock ?? SystemStoreClock(), countingStatements: true)
        var configuration = Samples.configuration(builders: builders, uses: builders.map(\.name))
        configuration.schedulers += schedulers
        (configuration.locks, configuration.limit, configuration.projects) = (locks, limit, projects)
        configuration.webhooks = webhooks
        configuration.sources = [SourceConfiguration(name: "repo", git: "https://example.org/demo.git")]
        let applied = try await store.apply(configuration, digest: Samples.digest(1)).applied
        let inForce = Watched(applied)
        let (bell, logs) = (LocalBell(), LogBell())
        let access = AccessKeeper(mode: mode, store: store)
        let service = WebService(
            store: store, bell: bell, logs: logs,
            surroundings: .init(
                configuration: { inForce.value }, reload: { _ in (false, inForce.value.id) },
                // A configuration with a builder of each file's text.
                apply: { body, note in
                    let builders = body.files.map { Samples.builder($0.text) }
                    let new = NewRevision(
                        Samples.configuration(builders: builders, uses: builders.map(\.name)),
                        digest: Samples.digest(100 + builders.map(\.name.count).reduce(0, +)), by: body.by, expect: body.expect, audit: note)
                    return Self.answer(try await store.apply(new))
                },
                restore: { Self.answer(try await store.apply($0)) },
                redeliver: { kept, _ in RedeliveryAnswer(id: kept.row.id, verdict: .ignored, reason: "read again", changes: []) }),
            access: access)
        let router = DoorRouter.door(access: access, home: { inForce.value.configuration.project })
        service.addRoutes(to: router)
        router.answerOtherMethods()
        let responder = router.buildResponder()
        try await Application(router: router).test(.router) { client in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await service.feed.loop.run() }
                defer { group.cancelAll() }
                try await test(
                    WebRig(store: store, service: service, logs: logs, bell: bell, client: client, inForce: inForce, responder: responder))
            }
        }
        try await store.close()
    }

    private static func answer(_ result: (applied: AppliedConfiguration, changed: Bool)) -> (changed: Bool, id: ConfigurationID?) {
        (result.changed, result.applied.id)
    }

    func get(_ path: String, _ headers: HTTPFields = [:]) async throws -> TestResponse {
        try await client.executeRequest(uri: path, method: .get, headers: headers, body: nil)
    }

    func post(_ path: String, _ body: String = "{}", key: String? = nil, token: String? = nil) async throws -> TestResponse {
        var headers = Self.json
        if let token { headers[.authorization] = "Bearer \(token)" }
        if let key { headers[try #require(HTTPField.Name("Idempotency-Key"))] = key }
        return try await client.executeRequest(uri: path, method: .post, headers: headers, body: ByteBuffer(string: body))
    }

    /// The JSON of an answer.
    func object(_ path: String) async throws -> JSONValue {
        let response = try await get(path)
        #expect(response.status == .ok, "\(path)")
        return try Self.object(response)
    }

    static func object(_ response: TestResponse) throws -> JSONValue {
        try JSONDecoder().decode(JSONValue.self, from: Data(buffer: response.body))
    }

    static func problem(_ response: TestResponse) throws -> Problem {
        #expect(response.headers[.contentType] == Problem.contentType)
        return try JSONDecoder().decode(Problem.self, from: Data(buffer: response.body))
    }

    /// The ids of a list, in its order.
    func ids(_ path: String) async throws -> [Int64] { try await object(path)["items"].items.compactMap { $0["id"].integer } }

    /// Reads an answer that may not end by itself, for as long as the body runs.
    func following(_ path: String, _ headers: HTTPFields = [:], _ body: (Watched<String>) async throws -> Void) async throws {
        let request = Request(
            head: HTTPRequest(method: .get, scheme: "http", authority: "localhost", path: path, headerFields: headers),
            body: RequestBody(buffer: ByteBuffer()))
        let context = DoorContext(
            source: ApplicationRequestContextSource(channel: NIOAsyncTestingChannel(), logger: Logger(label: "test")))
        let response = try await responder.respond(to: request, context: context)
        #expect(response.status == .ok)
        let text = Watched("")
        let reading = Task { try await response.body.write(StreamRecorder(text: text)) }
        defer { reading.cancel() }
        try await body(text)
    }

    /// Another configuration is in force from now on.
    func apply(_ builders: [Builder]) async throws {
        try await apply(Samples.configuration(builders: builders, uses: builders.map(\.name)))
    }

    func apply(_ configuration: Configuration) async throws {
        let applied = try await store.apply(configuration, digest: Samples.digest(2)).applied
        inForce.change { $0 = applied }
    }

    /// A buildset of one builder, by hand.
    @discardableResult
    func force(_ builder: String = "test", branch: String = "main", revision: String = "1", priority: Int = 0) async throws -> ForceReceipt {
        try await store.force(Samples.force(builder, branch: branch, revision: revision, priority: priority), idempotency: nil)
    }
}

/// Keeps what a stream says for a test to wait for.
private struct StreamRecorder: ResponseBodyWriter {
    let text: Watched<String>

    func write(_ buffer: ByteBuffer) async throws { text.change { $0 += String(buffer: buffer) } }

    func finish(_ trailingHeaders: HTTPFields?) async throws { text.change { $0 += "<end>" } }
}

extension JSONValue {
    subscript(_ name: String) -> JSONValue {
        if case .object(let fields) = self { fields[name] ?? .null } else { .null }
    }

    var items: [JSONValue] {
        if case .array(let items) = self { items } else { [] }
    }

    var integer: Int64? {
        if case .integer(let value) = self { value } else { nil }
    }

    var text: String? {
        if case .string(let value) = self { value } else { nil }
    }
}
