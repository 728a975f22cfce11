import Crypto
import Domain
import Foundation
import HTTPDoor
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import Signals
import Storage
import StorageSQLite
import TestSupport
import Testing
import Wire

@testable import Intake

/// The route of hooks on a store of a test's own, with a source for each forge; their secret is `s3cret`.
struct HookDoor: Sendable {
    static let secret = "s3cret"

    let client: any TestClientProtocol
    let store: SQLiteStore
    let secretFile: String
    private let hooks: HookIntake
    private let configuration: Watched<Configuration>

    /// The door that callers without a way of their own prove themselves at.
    static let token = HookProof.token(headers: ["X-Token"])

    /// - Parameters:
    ///   - records: what goes wrong with every record of a delivery.
    ///   - configure: what a test wants of the configuration besides.
    ///   - mend: what a test wants of the sources besides.
    static func with(
        branches: [String] = ["*"], tags: [String] = [], commits: SourceConfiguration.Commits = .each, records: StoreError? = nil,
        isSpooling: Bool = false, limits: [String: ChangeLimit] = [:],
        configure: (inout Configuration) -> Void = { _ in }, mend: (inout HookConfiguration) -> Void = { _ in },
        _ test: @Sendable (HookDoor) async throws -> Void
    ) async throws {
        let directory = TemporaryDirectory()
        let path = directory.file("secret")
        try Self.secret.write(toFile: path, atomically: true, encoding: .utf8)
        let store = try await SQLiteStore.open(directory: directory.file("data"))
        let hooks = HookConfiguration.Forge.allCases.map { forge in
            var hook = HookConfiguration(
                name: forge.rawValue, forge: forge, secret: .file(path), ownProof: forge.proof == nil ? token : nil,
                branches: branches.map { Glob($0) }, tags: tags.map { Glob($0) }, commits: commits,
                url: forge == .gerrit ? "https://gerrit.example.org/a" : nil)
            mend(&hook)
            return hook
        }
        let absent = HookConfiguration(name: "absent", forge: .github, secret: .file(directory.file("nowhere")))
        var configured = Configuration(project: "demo", hooks: hooks + [absent], sourceLimits: limits)
        configure(&configured)
        let configuration = Watched(configured)
        let router = DoorRouter.door()
        let spool = isSpooling ? try await ChangeSpool.open(dataDirectory: directory.path) : nil
        let intake = ChangeIntake(store: store, bell: LocalBell(), deployment: store.deployment, spool: spool).hooks(
            configuration: { configuration.value }, deliveries: records.map { ForgetfulStore(failure: $0) } ?? store, health: store,
            logger: Logger(label: "hooks", factory: { _ in SwiftLogNoOpLogHandler() }))
        intake.addRoutes(to: router)
        try await Application(router: router).test(.router) {
            try await test(HookDoor(client: $0, store: store, secretFile: path, hooks: intake, configuration: configuration))
        }
        try await store.close()
    }

    func post(_ source: String, _ headers: [String: String], _ body: Data) async throws -> TestResponse {
        var fields: HTTPFields = [.contentType: "application/json"]
        for (name, value) in headers { if let name = HTTPField.Name(name) { fields[name] = value } }
        return try await client.executeRequest(uri: "/hooks/\(source)", method: .post, headers: fields, body: ByteBuffer(bytes: body))
    }

    func gitHub(_ event: String, _ body: Data, secret: String = HookDoor.secret, delivery: String = "d-1") async throws -> TestResponse {
        try await post(
            "github", ["X-GitHub-Event": event, "X-GitHub-Delivery": delivery, "X-Hub-Signature-256": "sha256=" + Self.sign(body, secret)], body)
    }

    func gitea(_ event: String, _ body: Data, secret: String = HookDoor.secret) async throws -> TestResponse {
        try await post("gitea", ["X-Gitea-Event": event, "X-Gitea-Signature": Self.sign(body, secret)], body)
    }

    func gitLab(_ event: String, _ body: Data, secret: String = HookDoor.secret) async throws -> TestResponse {
        try await post("gitlab", ["X-Gitlab-Event": event, "X-Gitlab-Token": secret], body)
    }

    /// A call of Bitbucket, either of the two.
    func bitbucket(_ source: String, _ event: String, _ body: Data, secret: String = HookDoor.secret, number: String = "b-1") async throws
        -> TestResponse
    {
        let number = [source == "bitbucket" ? "X-Request-UUID" : "X-Request-Id": number]
        let headers = ["X-Event-Key": event, "X-Hub-Signature": "sha256=" + Self.sign(body, secret)]
        return try await post(source, headers.merging(number) { $1 }, body)
    }

    func gerrit(_ body: Data, secret: String = HookDoor.secret) async throws -> TestResponse { try await post("gerrit", ["X-Token": secret], body) }

    func changes() async throws -> [NewChange] {
        try await store.changes(PageQuery(ChangeFilterFields(), ascending: true, limit: 1000)).map(\.content)
    }

    /// What was put on record, oldest first.
    func deliveries() async throws -> [DeliveryRow] { try await store.deliveries(PageQuery(DeliveryFields(), ascending: true)) }

    func redeliver(_ id: DeliveryID) async throws -> RedeliveryAnswer { try await hooks.redeliver(try #require(try await store.delivery(id))) }

    /// The configuration is mended: every source watches these branches.
    func watch(_ branches: [String]) {
        configuration.change { configuration in
            for place in configuration.hooks.indices { configuration.hooks[place].branches = branches.map { Glob($0) } }
        }
    }

    /// A source leaves the configuration.
    func forget(_ source: String) { configuration.change { $0.hooks.removeAll { $0.name == source } } }

    static func sign(_ body: Data, _ secret: String) -> String {
        Hexadecimal.text(HMAC<SHA256>.authenticationCode(for: body, using: SymmetricKey(data: Data(secret.utf8))))
    }

    static func answer(_ response: TestResponse) throws -> HookAnswer { try JSONDecoder().decode(HookAnswer.self, from: Data(buffer: response.body)) }

    static func fixture(_ name: String) throws -> Data {
        try sample("github/\(name).payload")
    }

    /// A payload, with parts of it replaced.
    static func sample(_ name: String, _ replacing: [String: String] = [:]) throws -> Data {
        let folder = (#filePath as NSString).deletingLastPathComponent
        let data = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/Fixtures/\(name).json"))
        guard !replacing.isEmpty else { return data }
        return Data(
            try replacing.reduce(String(decoding: data, as: UTF8.self)) { text, part in
                try #require(text.contains(part.key), "\(part.key)")
                return text.replacing(part.key, with: part.value)
            }.utf8)
    }
}
