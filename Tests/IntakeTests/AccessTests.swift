import Domain
import Foundation
import HTTPDoor
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Signals
import Storage
import StorageSQLite
import TestSupport
import Testing
import Wire

@testable import Intake

/// Submitted changes where tokens are asked for, with the database there and away.
@Suite struct AccessTests {
    private struct Rig: Sendable {
        let client: any TestClientProtocol
        let store: SQLiteStore
        let switched: SwitchedStore
        let access: AccessKeeper

        func token(_ role: AccessRole, projects: [String]? = nil, name: String = "ci") async throws -> String {
            let token = try await store.makeToken(TokenGrant(name: name, role: role, projects: projects), by: .everyone).token
            try await access.refresh()
            return token
        }

        func submit(_ token: String?, key: String? = nil, more: String = "") async throws -> TestResponse {
            var headers = IntakeDoor.json
            if let token { headers[.authorization] = "Bearer \(token)" }
            if let key { headers[try #require(HTTPField.Name("Idempotency-Key"))] = key }
            return try await client.executeRequest(
                uri: "/api/v1/changes", method: .post, headers: headers, body: ByteBuffer(string: "{\(IntakeDoor.minimum)\(more)}"))
        }

        func changes() async throws -> [Change] { try await store.changes(PageQuery(ChangeFilterFields(), ascending: true, limit: 100)) }
    }

    private func with(_ test: @Sendable @escaping (Rig) async throws -> Void) async throws {
        let directory = TemporaryDirectory()
        let store = try await SQLiteStore.open(directory: directory.path + "/data")
        let switched = SwitchedStore(store)
        let spool = try await ChangeSpool.open(dataDirectory: directory.path)
        let access = AccessKeeper(mode: .tokens(anonymousReads: true), store: store)
        let router = DoorRouter.door(access: access)
        ChangeIntake(store: switched, bell: LocalBell(), deployment: store.deployment, spool: spool).addRoutes(to: router)
        try await Application(router: router).test(.router) { client in
            try await test(Rig(client: client, store: store, switched: switched, access: access))
        }
        try await store.close()
    }

    @Test("A submitter's change says who submitted it, whatever it says itself; a reader's is refused")
    func submitter() async throws {
        try await with { rig in
            let nobody = try await rig.submit(nil)
            #expect(nobody.status == .unauthorized)
            let reader = try await rig.submit(try await rig.token(.reader))
            #expect(reader.status == .forbidden)
            let made = try await rig.submit(try await rig.token(.submitter, name: "pipeline"))
            #expect(made.status == .created)
            let changes = try await rig.changes()
            #expect(changes.map(\.content.submittedBy) == ["pipeline"])
            let claimed = try await rig.submit(try await rig.token(.submitter), more: #","submitted_by":"root""#)
            #expect(claimed.status.code == 422)
        }
    }

    @Test("A change for a project that a token is not bound to is refused")
    func projects() async throws {
        try await with { rig in
            let foreign = try await rig.submit(try await rig.token(.submitter, projects: ["other"]))
            let problem = try IntakeDoor.problem(foreign)
            #expect(problem.status == 403 && problem.type.hasSuffix("outside_projects"))
            let own = try await rig.submit(try await rig.token(.submitter, projects: ["demo", "other"]))
            #expect(own.status == .created)
        }
    }

    @Test("One idempotency key of two tokens is two changes, and of one token one")
    func keys() async throws {
        try await with { rig in
            let (first, second) = (try await rig.token(.submitter), try await rig.token(.submitter))
            let made = try await rig.submit(first, key: "k")
            let again = try await rig.submit(first, key: "k")
            let other = try await rig.submit(second, key: "k")
            #expect([made.status, again.status, other.status] == [.created, .ok, .created])
        }
    }

    @Test("With the database away tokens are judged by what was known, and the spool keeps who submitted")
    func spooled() async throws {
        try await with { rig in
            let token = try await rig.token(.submitter, name: "pipeline")
            rig.switched.set(away: true)
            let spooled = try await rig.submit(token)
            #expect(spooled.status == .accepted)
            let stranger = try await rig.submit("dbl_9_" + String(repeating: "x", count: 43))
            #expect(stranger.status == .unauthorized)
            let change = SpooledChange(
                change: NewChange(project: "p", repository: "r", branch: "b", revision: "1", dedupeKey: "k", submittedBy: "pipeline"),
                isProtected: true, chain: .random(), taken: Timestamp(seconds: 1))
            let read = try SpooledChange(encoded: try change.encoded())
            #expect(read.change.submittedBy == "pipeline")
        }
    }

    @Test("An intake's own disk keeps the hashes of those who may submit, and nothing else of tokens, readable by itself alone")
    func cached() async throws {
        let directory = TemporaryDirectory()
        _ = try await ChangeSpool.open(dataDirectory: directory.path)
        func token(_ id: Int64, _ role: AccessRole, parent: Int64? = nil) -> AccessState.Token {
            AccessState.Token(
                id: TokenID(id), grant: TokenGrant(name: "t\(id)", role: role, workers: role == .worker ? "w" : nil),
                hash: String(repeating: "0", count: 64), parent: parent.map { TokenID($0) })
        }
        let state = AccessState(
            version: 3, tokens: [token(1, .reader), token(2, .submitter), token(3, .worker), token(4, .admin), token(5, .admin, parent: 4)])
        try IdentityCache(deployment: "d", access: state, confirmed: 1000).save(dataDirectory: directory.path)
        let loaded = try #require(IdentityCache.load(dataDirectory: directory.path))
        #expect(loaded.access?.tokens.map(\.id) == [TokenID(2), TokenID(4)] && loaded.accessConfirmed == 1000)
        let attributes = try FileManager.default.attributesOfItem(atPath: directory.path + "/spool/identity.json")
        #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
    }

    @Test("Who is bound to projects cannot take the key of another's change, nor ask whether it is there")
    func keysOfOthers() async throws {
        try await with { rig in
            let bound = try await rig.token(.submitter, projects: ["demo"])
            let claimed = try await rig.submit(bound, more: #","source":"repo","dedupe_key":"main 1 2""#)
            #expect(claimed.status == .created)
            let again = try await rig.submit(bound, more: #","source":"repo","dedupe_key":"main 1 2""#)
            #expect(again.status == .ok)
            // The poller's own, with that source and key.
            var change = NewChange(source: "repo", project: "other", repository: "r", branch: "main", revision: "2")
            change.dedupeKey = "main 1 2"
            let polled = try await rig.store.accept([change], advancing: nil)
            #expect(polled.map(\.created) == [true])
            let asked = try await rig.submit(bound, more: #","source":"repo","dedupe_key":"main 1 3""#)
            #expect(asked.status == .created)
        }
    }

    @Test("A key as those that are made of headers is nobody's to say")
    func keysOfHeaders() async throws {
        try await with { rig in
            let token = try await rig.token(.submitter)
            let response = try await rig.submit(token, more: #","dedupe_key":"token 5 k""#)
            let problem = try IntakeDoor.problem(response)
            #expect(problem.status == 422 && problem.errors?.map(\.pointer) == ["/dedupe_key"])
        }
    }
}
