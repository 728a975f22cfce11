import Domain
import Foundation
import Testing

@testable import Intake

/// Calls of Gerrit's webhooks plugin.
@Suite struct GerritHookTests {
    private static let tip = "709d658dc5b6d6afcd46049c2f332ee3f515a67d"
    private static let first = "03f4a7270240708834de475bcf21532d6134777e"

    @Test("A branch that moved is a change at its tip, fetched from the project under the source's url")
    func updated() async throws {
        try await HookDoor.with { door in
            let body = try HookDoor.sample("gerrit/ref_updated")
            #expect(try await door.gerrit(body).status == .created)
            let change = try #require(try await door.changes().first)
            #expect(change.repository == "https://gerrit.example.org/a/shop/store%20front" && change.branch == "main" && change.revision == Self.tip)
            #expect(change.author == "Ada Example <ada@example.org>" && change.category == "" && change.files.isEmpty)
            #expect(try await door.gerrit(body).status == .ok)
            #expect(try await door.gerrit(HookDoor.sample("gerrit/ref_updated", ["1769860800": "1769860801"])).status == .created)
            // As Gerrits of old tell it.
            let short = try HookDoor.sample("gerrit/ref_updated", ["refs/heads/main": "next"])
            #expect(try await door.gerrit(short).status == .created)
            #expect(try await door.changes().map(\.branch) == ["main", "main", "next"])
        }
    }

    @Test("Refs that moved together are one transaction, and the same as when they are told one by one; deleted ones and those of reviews are none")
    func batch() async throws {
        try await HookDoor.with(tags: ["v*"]) { door in
            #expect(try await door.gerrit(HookDoor.sample("gerrit/batch_ref_updated")).status == .created)
            #expect(try await door.changes().map(\.branch) == ["main", "refs/tags/v1"])
            #expect(try await door.gerrit(HookDoor.sample("gerrit/ref_updated")).status == .ok)
            let review = try HookDoor.answer(
                try await door.gerrit(HookDoor.sample("gerrit/ref_updated", ["refs/heads/main": "refs/changes/42/42/meta"])))
            #expect(review.reason == "refs/changes/42/42/meta is neither a branch nor a tag")
            let deleted = try HookDoor.answer(try await door.gerrit(HookDoor.sample("gerrit/ref_updated", [Self.tip: HookSamples.zero])))
            #expect(deleted.reason == "refs/heads/main was deleted")
        }
    }

    @Test("A patch set is a change of category pull, and anybody's", arguments: ["42", "\"42\""])
    func patchSet(number: String) async throws {
        try await HookDoor.with { door in
            let body = try HookDoor.sample("gerrit/patchset_created", ["\"number\": 42": "\"number\": \(number)"])
            #expect(try await door.gerrit(body).status == .created)
            let change = try #require(try await door.changes().first)
            #expect(change.category == "pull" && change.revision == Self.first && change.branch == "refs/changes/42/42/2")
            #expect(
                change.properties == [
                    "pull_request": 42, "pull_title": "Add it", "base_branch": "main", "base_revision": "1e65c05c1d5171631d92438a13901ca7dae9618c",
                    "head_branch": "Ie10fd901201c53e9fe3b9766343060763ac81dc6", "head_repository": "https://gerrit.example.org/a/shop/store%20front",
                    "untrusted": true,
                ])
        }
    }

    @Test("Without the token nothing is looked at; without a secret anybody is believed; other events make no change")
    func trust() async throws {
        try await HookDoor.with { door in
            let body = try HookDoor.sample("gerrit/ref_updated")
            #expect(try await door.gerrit(body, secret: "guess").status == .unauthorized)
            #expect(try await door.post("gerrit", [:], body).status == .unauthorized)
            let other = try HookDoor.answer(try await door.gerrit(Data(#"{"type": "comment-added"}"#.utf8)))
            #expect(other.reason == "events of kind comment-added make no change")
            #expect(try await door.changes().isEmpty)
        }
        try await HookDoor.with(mend: { $0.secret = nil }) { door in
            let answer = try await door.post("gerrit", [:], HookDoor.sample("gerrit/ref_updated"))
            #expect(answer.status == .created)
        }
    }
}
