import Domain
import Foundation
import Testing

@testable import Intake

/// Calls of Bitbucket Data Center.
@Suite struct BitbucketServerHookTests {
    private static let tip = "709d658dc5b6d6afcd46049c2f332ee3f515a67d"
    private static let first = "03f4a7270240708834de475bcf21532d6134777e"

    @Test("Each branch and tag that a push moved is a change at its tip, of which the described one says who made it; a deleted one is none")
    func push() async throws {
        try await HookDoor.with(tags: ["v*"]) { door in
            let body = try HookDoor.sample("bitbucket-server/refs_changed")
            #expect(try await door.bitbucket("bitbucket-server", "repo:refs_changed", body).status == .created)
            let changes = try await door.changes()
            #expect(changes.map(\.branch) == ["main", "refs/tags/v1", "fresh"] && changes.map(\.revision) == [Self.tip, Self.tip, Self.first])
            #expect(changes.map(\.comments) == ["Second", "Second", ""])
            #expect(changes.map(\.when) == [Timestamp("2026-01-31T12:00:00Z"), Timestamp("2026-01-31T12:00:00Z"), nil])
            #expect(changes.allSatisfy { $0.author == "Ada Example <ada@example.org>" && $0.files.isEmpty })
            #expect(changes.allSatisfy { $0.repository == "https://bitbucket.example.org/scm/shop/store.git" })
            #expect(try await door.bitbucket("bitbucket-server", "repo:refs_changed", body, number: "b-2").status == .ok)
            // The same revisions at another moment are another push.
            let later = try HookDoor.sample("bitbucket-server/refs_changed", ["13:00:00+0100": "13:00:01+0100"])
            #expect(try await door.bitbucket("bitbucket-server", "repo:refs_changed", later).status == .created)
        }
    }

    @Test("A server that names no addresses is fetched from under the source's url; without one the answer says what to do")
    func url() async throws {
        let bare = ["\"clone\"": "\"other\""]
        try await HookDoor.with(branches: ["main"]) { door in
            let body = try HookDoor.sample("bitbucket-server/refs_changed", bare)
            let refused = try await door.bitbucket("bitbucket-server", "repo:refs_changed", body)
            #expect(refused.status == .badRequest)
            #expect(try IntakeDoor.problem(refused).detail?.contains("it names no https address of SHOP/store: give the source its \"url\"") == true)
        }
        try await HookDoor.with(branches: ["main"], mend: { $0.url = "https://git.example.org" }) { door in
            let body = try HookDoor.sample("bitbucket-server/refs_changed", bare)
            #expect(try await door.bitbucket("bitbucket-server", "repo:refs_changed", body).status == .created)
            #expect(try await door.changes().map(\.repository) == ["https://git.example.org/scm/shop/store.git"])
        }
        try await HookDoor.with(branches: ["main"], mend: { $0.address = .ssh }) { door in
            _ = try await door.bitbucket("bitbucket-server", "repo:refs_changed", HookDoor.sample("bitbucket-server/refs_changed"))
            #expect(try await door.changes().map(\.repository) == ["ssh://git@bitbucket.example.org:7999/shop/store.git"])
        }
    }

    @Test("A pull request is a change at the ref that the server keeps for it; from a fork it is untrusted", arguments: [false, true])
    func pull(isFork: Bool) async throws {
        try await HookDoor.with { door in
            var payload = try #require(try JSONSerialization.jsonObject(with: HookDoor.sample("bitbucket-server/pr_opened")) as? [String: Any])
            if isFork {
                var pull = try #require(payload["pullRequest"] as? [String: Any])
                var from = try #require(pull["fromRef"] as? [String: Any])
                from["repository"] = ["slug": "store", "project": ["key": "~EVE"]] as [String: Any]
                pull["fromRef"] = from
                payload["pullRequest"] = pull
            }
            let body = try JSONSerialization.data(withJSONObject: payload, options: .sortedKeys)
            #expect(try await door.bitbucket("bitbucket-server", "pr:opened", body).status == .created)
            let change = try #require(try await door.changes().first)
            #expect(change.category == "pull" && change.revision == Self.first && change.branch == "refs/pull-requests/7/from")
            #expect(change.repository == "https://bitbucket.example.org/scm/shop/store.git" && change.author == "Ada Example <ada@example.org>")
            #expect(
                change.properties == [
                    "pull_request": 7, "pull_title": "Add it", "base_branch": "main", "base_revision": "1e65c05c1d5171631d92438a13901ca7dae9618c",
                    "head_branch": "topic", "head_repository": .string(isFork ? "" : "https://bitbucket.example.org/scm/shop/store.git"),
                    "untrusted": .bool(isFork),
                ])
            let moved = Data(String(decoding: body, as: UTF8.self).replacing(Self.first, with: Self.tip).utf8)
            #expect(try await door.bitbucket("bitbucket-server", "pr:from_ref_updated", moved).status == .created)
            #expect(try await door.bitbucket("bitbucket-server", "pr:merged", body).status == .ok)
            #expect(try await door.changes().map(\.revision) == [Self.first, Self.tip])
        }
    }

    @Test("The test of a connection is answered, when it is signed")
    func ping() async throws {
        try await HookDoor.with { door in
            let response = try await door.bitbucket("bitbucket-server", "diagnostics:ping", Data(#"{"test": true}"#.utf8))
            #expect(response.status == .ok)
            #expect(try HookDoor.answer(response).reason == "the hook is set up: pushes will make changes")
            #expect(try await door.bitbucket("bitbucket-server", "diagnostics:ping", Data("{}".utf8), secret: "guess").status == .unauthorized)
        }
    }
}
