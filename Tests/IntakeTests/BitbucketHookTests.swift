import Domain
import Foundation
import Storage
import Testing
import Wire

@testable import Intake

/// Calls of Bitbucket Cloud.
@Suite struct BitbucketHookTests {
    private static let tip = "709d658dc5b6d6afcd46049c2f332ee3f515a67d"
    private static let first = "03f4a7270240708834de475bcf21532d6134777e"

    @Test("All that one push moved is one answer: the commits of a branch oldest first, a tag, a new branch at its tip, and nothing of a deleted one")
    func push() async throws {
        try await HookDoor.with(tags: ["v*"]) { door in
            let response = try await door.bitbucket("bitbucket", "repo:push", HookDoor.sample("bitbucket/push"))
            #expect(response.status == .created)
            let answer = try HookDoor.answer(response)
            #expect(answer.delivery == "b-1" && answer.changes.count == 4)
            let changes = try await door.changes()
            #expect(changes.map(\.revision) == [Self.first, Self.tip, Self.tip, Self.tip])
            #expect(changes.map(\.branch) == ["main", "main", "refs/tags/v1", "fresh"] && changes.map(\.category) == ["", "", "tag", ""])
            #expect(changes.map(\.comments) == ["First\n", "Second\n", "Second\n", "Second\n"] && changes.allSatisfy(\.files.isEmpty))
            #expect(changes.allSatisfy { $0.repository == "https://bitbucket.org/shop/store.git" && $0.author == "Ada Example <ada@example.org>" })
            #expect(changes.allSatisfy { $0.when == Timestamp("2026-01-31T12:00:00Z") })
            let row = try #require(try await door.deliveries().first)
            #expect(row.event == "repo:push" && row.name == "b-1" && row.judgement == DeliveryJudgement(.accepted, changes: 4))
            // The same push, whatever the number of its call is.
            let again = try await door.bitbucket("bitbucket", "repo:push", HookDoor.sample("bitbucket/push"), number: "b-2")
            #expect(again.status == .ok)
            #expect(try HookDoor.answer(again).changes.map(\.created) == [false, false, false, false])
            #expect(try await door.redeliver(row.id).changes.map(\.created) == [false, false, false, false])
        }
    }

    @Test("Of refs that nobody watches each says why; with commits: tip and ssh the newest commit of a branch is the one to fetch so")
    func watched() async throws {
        try await HookDoor.with(branches: ["next"]) { door in
            let answer = try HookDoor.answer(try await door.bitbucket("bitbucket", "repo:push", HookDoor.sample("bitbucket/push")))
            #expect(
                answer.reason
                    == "the source does not watch branch main; the source does not watch tag v1; refs/heads/gone was deleted; the source does not watch branch fresh"
            )
        }
        try await HookDoor.with(branches: ["main"], commits: .tip, mend: { $0.address = .ssh }) { door in
            _ = try await door.bitbucket("bitbucket", "repo:push", HookDoor.sample("bitbucket/push"))
            let changes = try await door.changes()
            #expect(changes.map(\.revision) == [Self.tip] && changes.map(\.repository) == ["git@bitbucket.org:shop/store.git"])
        }
    }

    @Test("Where the list of commits is cut, and its newest is missing, the tip is a change all the same")
    func cut() async throws {
        try await HookDoor.with(branches: ["main"]) { door in
            var payload = try #require(try JSONSerialization.jsonObject(with: HookDoor.sample("bitbucket/push")) as? [String: Any])
            var push = try #require(payload["push"] as? [String: Any])
            var changes = try #require(push["changes"] as? [[String: Any]])
            changes[0]["truncated"] = true
            changes[0]["commits"] = []
            push["changes"] = [changes[0]]
            payload["push"] = push
            _ = try await door.bitbucket("bitbucket", "repo:push", JSONSerialization.data(withJSONObject: payload, options: .sortedKeys))
            let made = try await door.changes()
            #expect(made.map(\.revision) == [Self.tip] && made.map(\.comments) == ["Second\n"])
        }
    }

    @Test("A pull request is a change at the head of its branch")
    func pull() async throws {
        try await HookDoor.with { door in
            let body = try HookDoor.sample("bitbucket/pullrequest_created")
            #expect(try await door.bitbucket("bitbucket", "pullrequest:created", body).status == .created)
            let change = try #require(try await door.changes().first)
            #expect(change.category == "pull" && change.revision == "d3022fc0ca3d" && change.branch == "topic" && change.author == "Ada Example")
            #expect(change.repository == "https://bitbucket.org/shop/store.git")
            #expect(
                change.properties == [
                    "pull_request": 7, "pull_title": "Add it", "base_branch": "main", "base_revision": "ce5965ddd289", "head_branch": "topic",
                    "head_repository": "https://bitbucket.org/shop/store.git", "untrusted": false,
                ])
            // Another title is nothing new to build, another head is.
            let renamed = try HookDoor.sample("bitbucket/pullrequest_created", ["Add it": "Add them", "12:00:00.000000": "12:00:01.000000"])
            #expect(try await door.bitbucket("bitbucket", "pullrequest:updated", renamed).status == .ok)
            let pushed = try HookDoor.sample("bitbucket/pullrequest_created", ["d3022fc0ca3d": "e3022fc0ca3d"])
            #expect(try await door.bitbucket("bitbucket", "pullrequest:updated", pushed).status == .created)
            #expect(try await door.bitbucket("bitbucket", "pullrequest:fulfilled", body).status == .ok)
            #expect(try await door.changes().count == 2)
        }
    }

    @Test("A head in another repository is fetched from there, and untrusted; so is one whose repository was deleted")
    func fork() async throws {
        try await HookDoor.with { door in
            var payload = try #require(try JSONSerialization.jsonObject(with: HookDoor.sample("bitbucket/pullrequest_created")) as? [String: Any])
            var pull = try #require(payload["pullrequest"] as? [String: Any])
            var source = try #require(pull["source"] as? [String: Any])
            for (number, repository) in [(1, ["full_name": "eve/store"] as Any), (2, NSNull())] {
                source["repository"] = repository
                pull["source"] = source
                pull["id"] = number
                payload["pullrequest"] = pull
                let body = try JSONSerialization.data(withJSONObject: payload, options: .sortedKeys)
                #expect(try await door.bitbucket("bitbucket", "pullrequest:created", body).status == .created)
            }
            let changes = try await door.changes()
            #expect(changes.map(\.isUntrusted) == [true, true])
            #expect(changes.map(\.repository) == ["https://bitbucket.org/eve/store.git", "https://bitbucket.org/shop/store.git"])
            #expect(changes.map { $0.properties["head_repository"] } == ["https://bitbucket.org/eve/store.git", ""])
        }
    }

    @Test(
        "Calls of the other Bitbucket, without an event, or with a change of nothing are refused by name",
        arguments: ["bitbucket", "bitbucket-server"])
    func refused(source: String) async throws {
        try await HookDoor.with { door in
            let body = Data(#"{"repository":{"full_name":"a/b"},"push":{"changes":[{}]}}"#.utf8)
            let other = source == "bitbucket" ? "bitbucket-server" : "bitbucket"
            let wrong = try await door.bitbucket(source, source == "bitbucket" ? "repo:refs_changed" : "repo:push", body)
            #expect(wrong.status == .badRequest)
            #expect(try IntakeDoor.problem(wrong).detail?.contains("say \"hook: \(other)\"") == true)
            let bare = try await door.post(source, ["X-Hub-Signature": "sha256=" + HookDoor.sign(body, HookDoor.secret)], body)
            #expect(bare.status == .badRequest)
            if source == "bitbucket" {
                let nothing = try await door.bitbucket(source, "repo:push", body)
                #expect(nothing.status == .badRequest)
                #expect(try IntakeDoor.problem(nothing).detail?.contains("/push/changes/0: has neither") == true)
            }
        }
    }
}
