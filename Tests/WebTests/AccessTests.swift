import Domain
import Foundation
import HTTPDoor
import HTTPTypes
import HummingbirdTesting
import Storage
import StoreConformance
import Testing
import Wire

@testable import Web

/// What tokens do, sessions at the pages, and who is said to have changed what.
@Suite struct AccessTests {
    @Test("An admin makes, sees and revokes tokens; a secret is shown once and kept nowhere")
    func tokens() async throws {
        try await AccessRig.with { rig in
            let admin = try await rig.token(.admin, name: "root")
            let made = try await rig.post("/api/v1/tokens", token: admin, #"{"name": "ci", "role": "submitter", "projects": ["demo"]}"#)
            #expect(made.status == .created)
            let document = try WebRig.object(made)
            let token = try #require(document["token"].text)
            #expect(TokenText(token)?.id.rawValue == document["id"].integer && document["by"].text == "root")
            let list = try await rig.call("/api/v1/tokens?live=1", token: admin)
            let text = String(buffer: list.body)
            let secret = try #require(TokenText(token)).secret
            #expect(text.contains("\"ci\"") && !text.contains(secret) && !text.contains("hash"))
            let used = try await rig.call("/api/v1/changes", token: token)
            #expect(used.status == .ok)
            let revoked = try await rig.post("/api/v1/tokens/\(try #require(document["id"].integer))/revoke", token: admin)
            #expect(revoked.status == .ok)
            let after = try await rig.call("/api/v1/changes", token: token)
            #expect(after.status == .unauthorized)
            let unknown = try await rig.post("/api/v1/tokens/99/revoke", token: admin)
            #expect(unknown.status == .notFound)
            let wrong = try await rig.post("/api/v1/tokens", token: admin, #"{"name": "", "role": "worker"}"#)
            #expect(wrong.status.code == 422)
            let problem = try WebRig.problem(wrong)
            #expect(problem.errors?.map(\.pointer) == ["/name", "/workers"])
            let odd = try await rig.post("/api/v1/tokens", token: admin, #"{"name": "x", "role": "king"}"#)
            #expect(odd.status.code == 422)
            let audit = try await rig.document("/api/v1/audit?kind=token&order=asc", token: admin)
            #expect(audit["items"].items.map { $0["action"].text }.suffix(2) == ["token.create", "token.revoke"])
            let written = String(decoding: try JSONEncoder().encode(audit), as: UTF8.self)
            #expect(!written.contains(secret))
        }
    }

    @Test("What is done is put on record under the token's name, and nobody can say that he is another")
    func audit() async throws {
        try await AccessRig.with { rig in
            let admin = try await rig.token(.admin, name: "root")
            let ada = try await rig.token(.operator, projects: ["demo"], name: "ada")
            _ = try await rig.post("/api/v1/requests/\(rig.demo.made.request)/priority", token: ada, #"{"priority": 7}"#)
            _ = try await rig.post("/api/v1/builds/\(rig.demo.build)/cancel", token: ada)
            _ = try await rig.post("/api/v1/builds/\(rig.other.build)/cancel", token: ada)
            let applied = try await rig.post(
                "/api/v1/config", token: admin, #"{"files": [{"name": "/a.yaml", "text": "test"}], "by": "somebody else"}"#)
            #expect(applied.status == .ok)
            let page = try await rig.document("/api/v1/audit?limit=3", token: admin)
            let rows = page["items"].items
            #expect(rows.map { $0["action"].text } == ["config.apply", "cancel", "priority"])
            #expect(rows.map { $0["principal"].text } == ["root", "ada", "ada"])
            #expect(rows[1]["target"]["id"].text == "\(rig.demo.made.request)" && rows[1]["project"].text == "demo")
            #expect(rows[1]["token"].integer == TokenText(ada)?.id.rawValue)
            let next = try await rig.document("/api/v1/audit?after=\(try #require(page["next"].text))", token: admin)
            #expect(next["items"].items.allSatisfy { $0["principal"].text == "anonymous" })
            let mine = try await rig.document("/api/v1/audit?principal=ada&project=demo", token: admin)
            #expect(mine["items"].items.count == 2)
            let revisions = try await rig.document("/api/v1/config/revisions?limit=1", token: admin)
            #expect(revisions["items"].items.first?["by"].text == "root")
            let request = try await rig.document("/api/v1/requests/\(rig.demo.made.request)", token: ada)
            #expect(request["cancel_reason"].text == "by hand, by ada")
        }
    }

    @Test("One key of two tokens is two keys")
    func idempotency() async throws {
        try await AccessRig.with { rig in
            let (first, second) = (try await rig.token(.operator), try await rig.token(.operator))
            let key: HTTPFields = [try #require(HTTPField.Name("Idempotency-Key")): "night"]
            let body = #"{"reason": "x", "repository": "https://example.org/demo.git", "branch": "main"}"#
            let made = try await rig.post("/api/v1/builders/test/force", token: first, body, headers: key)
            let again = try await rig.post("/api/v1/builders/test/force", token: first, body, headers: key)
            let other = try await rig.post("/api/v1/builders/test/force", token: second, body, headers: key)
            #expect([made.status, again.status, other.status] == [.created, .ok, .created])
        }
    }

    @Test("An open stream ends with its token, before it tells anything more")
    func streams() async throws {
        try await AccessRig.with { rig in
            let (token, admin) = (try await rig.token(.reader), try await rig.token(.admin))
            try await rig.rig.following("/api/v1/events", [.authorization: "Bearer \(token)"]) { told in
                await told.wait { $0.contains(": here") }
                try await rig.rig.following("/api/v1/events", [.authorization: "Bearer \(admin)"]) { all in
                    await all.wait { $0.contains(": here") }
                    try await rig.rig.force(branch: "before")
                    await told.wait { $0.contains("before") }
                    _ = try await rig.post("/api/v1/tokens/\(try #require(TokenText(token)).id)/revoke", token: admin)
                    try await rig.rig.force(branch: "afterwards")
                    await all.wait { $0.contains("afterwards") }
                }
                #expect(!told.value.contains("afterwards"))
            }
        }
    }

    private static func cookie(_ response: TestResponse) throws -> String {
        let header = try #require(response.headers[.setCookie])
        return String(try #require(header.split(separator: ";").first))
    }

    @Test("Somebody signs in at the pages, is known by a cookie that is no token of his, and signs out")
    func pages() async throws {
        try await AccessRig.with { rig in
            let token = try await rig.token(.operator, name: "ada")
            let stranger = try await rig.call("/builds/\(rig.demo.build)?x=1", token: nil)
            #expect(stranger.status == .seeOther && stranger.headers[.location] == "/sign-in?next=%2Fbuilds%2F\(rig.demo.build)%3Fx%3D1")
            let form = try await rig.call("/sign-in?next=%2Fchanges", token: nil)
            #expect(form.status == .ok && String(buffer: form.body).contains("data-next=\"/changes\""))
            for place in ["%2F%2Fevil.example", "https%3A%2F%2Fevil.example", "%2F%5Cevil.example"] {
                let page = try await rig.call("/sign-in?next=\(place)", token: nil)
                #expect(String(buffer: page.body).contains("data-next=\"/\""), "\(place)")
            }
            let wrong = try await rig.post("/sign-in", #"{"token": "dbl_1_x"}"#)
            #expect(wrong.status == .unauthorized && wrong.headers[.setCookie] == nil)
            let worker = try await rig.token(.worker)
            let refused = try await rig.post("/sign-in", "{\"token\": \"\(worker)\"}")
            #expect(refused.status == .forbidden)
            let origin = try #require(HTTPField.Name("Origin"))
            let entered = try await rig.post("/sign-in", "{\"token\": \"\(token)\"}", headers: [origin: "http://localhost"])
            #expect(entered.status == .ok)
            let header = try #require(entered.headers[.setCookie])
            #expect(header.contains("HttpOnly") && header.contains("SameSite=Strict") && !header.contains("Secure") && !header.contains(token))
            let cookie = try Self.cookie(entered)
            let page = try await rig.call(.get, "/", headers: [.cookie: "theme=dark; \(cookie)"])
            #expect(page.status == .ok && String(buffer: page.body).contains("ada <button data-sign-out"))
            // No second session out of a session.
            let session = try #require(cookie.split(separator: "=", maxSplits: 1).last)
            let twice = try await rig.post("/sign-in", "{\"token\": \"\(session)\"}")
            #expect(twice.status == .forbidden)
            let path = "/api/v1/requests/\(rig.demo.made.request)/priority"
            let blind = try await rig.post(path, #"{"priority": 1}"#, headers: [.cookie: cookie])
            #expect(blind.status == .forbidden && AccessRig.code(blind) == "forbidden")
            let foreign = try await rig.post(path, #"{"priority": 1}"#, headers: [.cookie: cookie, origin: "http://evil.example"])
            #expect(foreign.status == .forbidden)
            let own = try await rig.post(path, #"{"priority": 1}"#, headers: [.cookie: cookie, origin: "http://localhost"])
            #expect(own.status == .ok)
            let admin = try await rig.token(.admin)
            let listed = try await rig.document("/api/v1/tokens", token: admin)
            #expect(listed["items"].items.filter { $0["name"].text == "ada" }.count == 1)
            let audit = try await rig.document("/api/v1/audit?principal=ada", token: admin)
            #expect(audit["items"].items.map { $0["action"].text } == ["priority", "sign_in"])
            let left = try await rig.post("/sign-out", headers: [.cookie: cookie, origin: "http://localhost"])
            #expect(left.status == .ok && left.headers[.setCookie]?.contains("Max-Age=0") == true)
            let after = try await rig.call(.get, "/api/v1/builds", headers: [.cookie: cookie])
            #expect(after.status == .unauthorized)
            let still = try await rig.call("/api/v1/builds", token: token)
            #expect(still.status == .ok)
        }
    }

    @Test("Behind TLS the cookie is for this host and TLS alone, and it ends with the token that it was got with")
    func secureCookie() async throws {
        try await AccessRig.with { rig in
            let token = try await rig.token(.reader)
            let origin = try #require(HTTPField.Name("Origin"))
            let entered = try await rig.post("/sign-in", "{\"token\": \"\(token)\"}", headers: [origin: "https://localhost"])
            let header = try #require(entered.headers[.setCookie])
            #expect(header.hasPrefix("__Host-doorbell_session=") && header.contains("; Secure") && header.contains("Path=/;"))
            let cookie = try Self.cookie(entered)
            let before = try await rig.call(.get, "/changes", headers: [.cookie: cookie])
            #expect(before.status == .ok)
            let admin = try await rig.token(.admin)
            _ = try await rig.post("/api/v1/tokens/\(try #require(TokenText(token)).id)/revoke", token: admin)
            let after = try await rig.call(.get, "/changes", headers: [.cookie: cookie])
            #expect(after.status == .seeOther)
        }
    }

    @Test("A bound token is told why something waits, and not of what")
    func why() async throws {
        try await AccessRig.with { rig in
            var force = Samples.force("docs", branch: "waits")
            force.project = "demo"
            let waiting = try await rig.rig.store.force(force, idempotency: nil)
            try await rig.rig.store.setWorkerPaused("w1", paused: false)
            let bound = try await rig.token(.reader, projects: ["demo"])
            let reasons = try await rig.document("/api/v1/requests/\(waiting.request)/why", token: bound)
            #expect(!reasons["reasons"].items.isEmpty)
        }
    }

    @Test("Where nobody asks for tokens everything is as it was: no sign-in, and the audit says nobody")
    func off() async throws {
        try await WebRig.with { rig in
            let made = try await rig.post("/api/v1/builders/test/force", #"{"repository": "r", "branch": "main"}"#)
            #expect(made.status == .created)
            let audit = try await rig.object("/api/v1/audit")
            #expect(audit["items"].items.map { $0["principal"].text } == ["anonymous"])
            let page = try await rig.get("/sign-in")
            #expect(page.status == .seeOther && page.headers[.location] == "/")
            let entered = try await rig.post("/sign-in", #"{"token": "x"}"#)
            #expect(entered.status == .conflict)
            let left = try await rig.post("/sign-out")
            #expect(left.status == .conflict)
        }
    }

    @Test("What is not said of a force is taken from no change that the caller does not see")
    func unseenChanges() async throws {
        try await AccessRig.with { rig in
            var configuration = Samples.configuration()
            configuration.sourceProjects = ["mirror": "other"]
            try await rig.rig.apply(configuration)
            var change = Samples.change("secret", key: "secret")
            (change.project, change.repository, change.branch) = ("other", "https://git.example/secret.git", "secret-branch")
            _ = try await rig.rig.store.accept([change], advancing: nil)
            let bound = try await rig.token(.operator, projects: ["demo"])
            let forced = try await rig.post("/api/v1/builders/test/force", token: bound)
            #expect(forced.status == .created)
            let buildset = try WebRig.object(forced)["buildset"].integer ?? 0
            let made = try await rig.document("/api/v1/buildsets/\(buildset)", token: bound)
            #expect(made["stamp"]["branch"].text == "main" && made["stamp"]["repository"].text?.contains("secret") == false)
        }
    }

    @Test("A call that waited is not answered once its token has ended")
    func waiting() async throws {
        try await AccessRig.with { rig in
            let token = try await rig.token(.reader)
            let admin = try await rig.token(.admin)
            async let page = rig.call("/api/v1/events?wait=30s&key=request.%23", token: token)
            while rig.rig.service.feed.subscriberCount == 0 { await Task.yield() }
            _ = try await rig.post("/api/v1/tokens/\(try #require(TokenText(token)).id)/revoke", token: admin)
            try await rig.rig.force(branch: "afterwards")
            let answer = try await page
            #expect(answer.status == .unauthorized && !String(buffer: answer.body).contains("afterwards"))
        }
    }

    @Test("One token has so many sessions at the pages, and the oldest end first")
    func sessions() async throws {
        try await AccessRig.with { rig in
            let token = try await rig.token(.reader)
            var cookies: [String] = []
            for _ in 0..<21 { cookies.append(try Self.cookie(try await rig.post("/sign-in", #"{"token": "\#(token)"}"#))) }
            func status(_ cookie: String) async throws -> HTTPResponse.Status {
                try await rig.call(.get, "/api/v1/builds", headers: [.cookie: cookie]).status
            }
            let (first, second, last) = (try await status(cookies[0]), try await status(cookies[1]), try await status(cookies[20]))
            #expect(first == .unauthorized && second == .ok && last == .ok)
        }
    }

    @Test(
        "Who signed in goes on to a page of this server, whatever the address says",
        arguments: ["//evil.example", "/%09/evil.example", "/%5Cevil.example", "/%0A/evil.example", "https://evil.example", "/a%20b", "/%7F"])
    func next(next: String) async throws {
        try await AccessRig.with { rig in
            let page = try await rig.call("/sign-in?next=\(next)", token: nil)
            #expect(String(buffer: page.body).contains(#"data-next="/""#))
            let good = try await rig.call("/sign-in?next=/builds/7", token: nil)
            #expect(String(buffer: good.body).contains(#"data-next="/builds/7""#))
        }
    }
}
