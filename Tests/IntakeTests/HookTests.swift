import Domain
import Foundation
import Testing
import Wire

@testable import Intake

@Suite struct HookTests {
    @Test("A push makes a change of each commit, oldest first, in one answer")
    func push() async throws {
        try await HookDoor.with { door in
            let body = try HookSamples.push([HookSamples.commit("c1", files: ["x"]), HookSamples.commit("c2", "Second\n\nIn detail.")], after: "c2")
            let response = try await door.gitHub("push", body)
            #expect(response.status == .created)
            let answer = try HookDoor.answer(response)
            #expect(answer.delivery == "d-1" && answer.changes.count == 2 && answer.reason == nil)
            let changes = try await door.changes()
            #expect(changes.map(\.revision) == ["c1", "c2"])
            let first = try #require(changes.first)
            #expect(first.source == "github" && first.project == "demo" && first.repository == "https://github.com/shop/store.git")
            #expect(first.branch == "main" && first.author == "Ada Example <ada@example.org>" && first.files == ["b", "x"])
            #expect(first.when == Timestamp("2026-01-31T12:00:00Z"))
            #expect(changes[1].comments == "Second\n\nIn detail.")
        }
    }

    @Test("The same push again makes nothing, whatever number its delivery has; a push back and forth makes changes each time")
    func repeats() async throws {
        try await HookDoor.with { door in
            let body = try HookSamples.push([HookSamples.commit("c1")], after: "c1")
            #expect(try await door.gitHub("push", body).status == .created)
            let again = try await door.gitHub("push", body, delivery: "d-2")
            #expect(again.status == .ok)
            #expect(try HookDoor.answer(again).changes.map(\.created) == [false])
            _ = try await door.gitHub("push", HookSamples.push([], before: "c1", after: "b0", pushed: 2))
            // The same revisions as the first push, and another push.
            _ = try await door.gitHub("push", HookSamples.push([HookSamples.commit("c1")], after: "c1", pushed: 3), delivery: "d-3")
            #expect(try await door.changes().map(\.revision) == ["c1", "b0", "c1"])
        }
    }

    @Test("What no signature covers makes no repeat look like another push: the body alone tells them apart")
    func replayed() async throws {
        try await HookDoor.with { door in
            for (updated, delivery) in [("1", "e-1"), ("1", "e-2"), ("2", "e-2")] as [(String, String)] {
                let body = try HookSamples.push([HookSamples.commit("c1")], after: "c1", pushed: nil, updated: updated)
                let signature = HookDoor.sign(body, HookDoor.secret)
                _ = try await door.post("gitea", ["X-Gitea-Event": "push", "X-Gitea-Signature": signature, "X-Gitea-Delivery": delivery], body)
            }
            #expect(try await door.changes().map(\.revision) == ["c1", "c1"])
        }
    }

    @Test("GitLab's pushes are told apart by their key, which stays when one is sent again with its addresses left out; merge requests by their time")
    func resent() async throws {
        try await HookDoor.with { door in
            let first = try HookSamples.gitLabPush([HookSamples.commit("c1")], after: "c1")
            let resent = Data(String(decoding: first, as: UTF8.self).replacing("ada@example.org", with: "[REDACTED]").utf8)
            for (body, key) in [
                (first, "k-1"), (resent, "k-1"), (first, "k-2"), (try HookSamples.merge(action: "open"), "k-3"),
                (try HookSamples.merge(action: "open"), "k-4"), (try HookSamples.merge(action: "reopen", updated: "2"), "k-5"),
                (try HookSamples.gitLabPush([HookSamples.commit("c2")], after: "c2"), nil),
                (try HookSamples.gitLabPush([HookSamples.commit("c2")], after: "c2"), nil),
            ] as [(Data, String?)] {
                var headers = ["X-Gitlab-Event": "Hook", "X-Gitlab-Token": HookDoor.secret, "X-Gitlab-Event-UUID": ChainID.random().rawValue]
                headers["Idempotency-Key"] = key
                _ = try await door.post("gitlab", headers, body)
            }
            #expect(try await door.changes().map(\.revision) == ["c1", "c1", "h1", "h1", "c2"])
        }
    }

    @Test("A pull request that is opened again is a change again")
    func reopened() async throws {
        try await HookDoor.with { door in
            for (action, updated) in [("opened", "1"), ("opened", "1"), ("closed", "2"), ("reopened", "3")] {
                _ = try await door.gitHub("pull_request", HookSamples.pull(action: action, updated: updated))
            }
            let changes = try await door.changes()
            #expect(changes.count == 2)
        }
    }

    @Test(
        "Without the right signature nothing is looked at, not even whether the body is JSON",
        arguments: ["github", "gitea", "gitlab", "bitbucket", "bitbucket-server", "gerrit"])
    func forged(_ forge: String) async throws {
        try await HookDoor.with { door in
            for body in [try HookSamples.push([HookSamples.commit("c1")], after: "c1"), Data("{".utf8)] {
                let wrong =
                    switch forge {
                    case "github": try await door.gitHub("push", body, secret: "guess")
                    case "gitea": try await door.gitea("push", body, secret: "guess")
                    case "bitbucket", "bitbucket-server": try await door.bitbucket(forge, "repo:push", body, secret: "guess")
                    case "gerrit": try await door.gerrit(body, secret: "guess")
                    default: try await door.gitLab("Push Hook", body, secret: "guess")
                    }
                #expect(wrong.status == .unauthorized)
                #expect(!String(buffer: wrong.body).contains(HookDoor.secret))
                #expect(
                    try await door.post(forge, ["X-GitHub-Event": "push", "X-Gitlab-Event": "x", "X-Gitea-Event": "push"], body).status
                        == .unauthorized)
                let short = ["X-GitHub-Event": "push", "X-Hub-Signature-256": "sha256=00", "X-Gitea-Signature": "zz", "X-Gitlab-Token": ""]
                #expect(try await door.post(forge, short, body).status == .unauthorized)
            }
            #expect(try await door.changes().isEmpty)
        }
    }

    @Test("While a secret is replaced both are believed; a source whose secret nobody knows believes nobody")
    func secrets() async throws {
        try await HookDoor.with { door in
            let body = try HookSamples.push([HookSamples.commit("c1")], after: "c1")
            try "new\n\(HookDoor.secret)\n".write(toFile: door.secretFile, atomically: true, encoding: .utf8)
            #expect(try await door.gitHub("push", body, secret: "new").status == .created)
            #expect(try await door.gitHub("push", body).status == .ok)
            let absent = try await door.post("absent", ["X-GitHub-Event": "push", "X-Hub-Signature-256": "sha256=" + HookDoor.sign(body, "")], body)
            #expect(absent.status == .serviceUnavailable)
            #expect(try await door.post("nobody", [:], body).status == .notFound)
        }
    }

    @Test("A new branch at a known commit, and a push too long to be listed, have their newest commit")
    func unlisted() async throws {
        try await HookDoor.with { door in
            let body = try HookSamples.push([], ref: "refs/heads/new", before: HookSamples.zero, after: "h1", head: HookSamples.commit("h1", "Known"))
            #expect(try await door.gitHub("push", body).status == .created)
            _ = try await door.gitHub("push", try HookSamples.push([HookSamples.commit("c1")], after: "c9"))
            let changes = try await door.changes()
            #expect(changes.map(\.revision) == ["h1", "c1", "c9"])
            #expect(changes.map(\.comments) == ["Known", "Change it", ""])
            #expect(changes[0].branch == "new" && changes[0].files == ["a", "b"])
        }
    }

    @Test("What is deleted, not watched or of another kind makes no change, and the answer says why")
    func nothing() async throws {
        try await HookDoor.with(branches: ["main"]) { door in
            for (event, body, why) in [
                ("push", try HookSamples.push([], after: HookSamples.zero), "refs/heads/main was deleted"),
                ("push", try HookSamples.push([], ref: "refs/heads/topic", after: "c1"), "the source does not watch branch topic"),
                ("push", try HookSamples.push([], ref: "refs/tags/v1", after: "c1"), "the source does not watch tag v1"),
                ("push", try HookSamples.push([], ref: "refs/notes/x", after: "c1"), "refs/notes/x is neither a branch nor a tag"),
                ("star", try HookSamples.pull(), "events of kind star make no change"),
                ("pull_request", try HookSamples.pull(action: "labeled"), "a pull request that was labeled has nothing new to build"),
            ] {
                let response = try await door.gitHub(event, body)
                #expect(response.status == .ok)
                #expect(try HookDoor.answer(response).reason == why)
            }
            #expect(try await door.changes().isEmpty)
        }
    }

    @Test("A watched tag is one change of category tag; with commits: tip a push is one as well")
    func tags() async throws {
        try await HookDoor.with(tags: ["v*"], commits: .tip) { door in
            let commits = [HookSamples.commit("c1"), HookSamples.commit("c2")]
            _ = try await door.gitHub("push", try HookSamples.push(commits, ref: "refs/tags/v1", after: "c2"))
            _ = try await door.gitHub("push", try HookSamples.push(commits, after: "c2"))
            let changes = try await door.changes()
            #expect(changes.map(\.branch) == ["refs/tags/v1", "main"] && changes.map(\.category) == ["tag", ""])
            #expect(changes.map(\.revision) == ["c2", "c2"])
        }
    }

    @Test("A pull request is a change of category pull at its head; from a fork it is untrusted", arguments: ["shop/store", "eve/store"])
    func pull(from repository: String) async throws {
        try await HookDoor.with { door in
            #expect(try await door.gitHub("pull_request", try HookSamples.pull(from: repository)).status == .created)
            let change = try #require(try await door.changes().first)
            #expect(change.category == "pull" && change.revision == "h1" && change.branch == "refs/pull/7/head")
            #expect(change.repository == "https://github.com/shop/store.git")
            #expect(
                change.properties == [
                    "pull_request": 7, "pull_title": "Add it", "base_branch": "main", "base_revision": "b1", "head_branch": "topic",
                    "head_repository": .string("https://github.com/\(repository).git"), "merge_revision": "m1",
                    "untrusted": .bool(repository != "shop/store"),
                ])
            #expect(change.isUntrusted == (repository != "shop/store"))
        }
    }

    @Test(
        "A head that is in the repository and on no branch of it may be anybody's: it is untrusted",
        arguments: [("", "topic"), (nil, "topic"), ("topic", "refs/pull/7/head")] as [(String?, String)])
    func offBranch(label: String?, ref: String) async throws {
        try await HookDoor.with { door in
            #expect(try await door.gitea("pull_request", HookSamples.pull(label: label, ref: ref)).status == .created)
            let change = try #require(try await door.changes().first)
            #expect(change.isUntrusted)
        }
    }

    @Test("A merge is told of only when the forge says that it is of this head", arguments: [true, false, nil] as [Bool?])
    func merge(mergeable: Bool?) async throws {
        try await HookDoor.with { door in
            _ = try await door.gitHub("pull_request", HookSamples.pull(mergeable: mergeable))
            // GitLab's is the commit that merging made.
            _ = try await door.gitLab("Merge Request Hook", HookSamples.merge(action: "open"))
            let merges = try await door.changes().map { $0.properties["merge_revision"] }
            #expect(merges == [mergeable == true ? "m1" : nil, nil])
        }
    }

    @Test("An annotated tag is a change at the commit that it names, not at the tag itself")
    func annotated() async throws {
        try await HookDoor.with(tags: ["v*"]) { door in
            let commit = HookSamples.commit("c1", "Release")
            _ = try await door.gitHub("push", HookSamples.push([], ref: "refs/tags/v1", before: HookSamples.zero, after: "t1", head: commit))
            let body = try HookSamples.gitLabPush(
                [commit], kind: "tag_push", ref: "refs/tags/v1", before: HookSamples.zero, after: "t1", checkout: "c1")
            _ = try await door.gitLab("Tag Push Hook", body)
            let bare = try HookSamples.gitLabPush(
                [], kind: "tag_push", ref: "refs/tags/v2", before: HookSamples.zero, after: "t2", checkout: "c1")
            _ = try await door.gitLab("Tag Push Hook", bare)
            let changes = try await door.changes()
            #expect(changes.map(\.revision) == ["c1", "c1", "c1"] && changes.map(\.category) == ["tag", "tag", "tag"])
            #expect(changes.map(\.comments) == ["Release", "Release", ""])
        }
    }

    @Test(
        "The moments of forges are read, with fractions of a second and offsets of any form",
        arguments: [
            ("2026-01-31T12:00:00Z", "2026-01-31T12:00:00Z"), ("2026-01-31T13:00:00.123+01:00", "2026-01-31T12:00:00.123Z"),
            ("2026-01-31T12:00:00.123456789Z", "2026-01-31T12:00:00.123456Z"), ("2026-01-31T13:00:00+0100", "2026-01-31T12:00:00Z"),
            ("yesterday", nil),
        ] as [(String, String?)])
    func moments(text: String, meant: String?) { #expect(HookTime.read(text) == meant.flatMap { Timestamp($0) }) }

    @Test("A letter may be of any length: a text is cut between two scalars, and not to nothing")
    func longLetter() {
        let comments = ChangeBounds.comments("e" + String(repeating: "\u{301}", count: 200_000) + "\0")
        #expect(comments.utf8.count == (256 << 10) - 1 && comments.unicodeScalars.first == "e" && comments.unicodeScalars.last == "\u{301}")
        #expect(ChangeBounds.author(String(repeating: "🔔", count: 251) + "\0") == String(repeating: "🔔", count: 250))
        #expect(ChangeBounds.author("a\0b") == "a b")
        #expect(ChangeBounds.author("é") == "é")
    }

    @Test("GitHub's own payloads are read")
    func real() async throws {
        try await HookDoor.with(tags: ["*"]) { door in
            let ping = try HookDoor.answer(try await door.gitHub("ping", HookDoor.fixture("ping")))
            #expect(ping.reason == "the hook is set up: pushes will make changes")
            let deleted = try HookDoor.answer(try await door.gitHub("push", HookDoor.fixture("push")))
            #expect(deleted.reason == "refs/tags/simple-tag was deleted")
            #expect(try await door.gitHub("pull_request", try HookDoor.fixture("pull_request.opened")).status == .created)
            #expect(try await door.gitHub("pull_request", try HookDoor.fixture("pull_request.closed")).status == .ok)
            let change = try #require(try await door.changes().first)
            #expect(change.repository == "https://github.com/Codertocat/Hello-World.git")
            #expect(change.revision == "ec26c3e57ca3a959ca5aad62de7213c562f8c821" && change.properties["base_branch"] == "master")
            #expect(!change.isUntrusted)
        }
    }

    @Test("Gitea lists the newest first, and signs without a prefix")
    func gitea() async throws {
        try await HookDoor.with { door in
            let body = try HookSamples.push([HookSamples.commit("c2"), HookSamples.commit("c1")], after: "c2")
            #expect(try await door.gitea("push", body).status == .created)
            #expect(try await door.changes().map(\.revision) == ["c1", "c2"])
        }
    }

    @Test("GitLab's pushes and merge requests are changes; an update without a new commit is none")
    func gitLab() async throws {
        try await HookDoor.with { door in
            #expect(try await door.gitLab("Push Hook", try HookSamples.gitLabPush([HookSamples.commit("c1")], after: "c1")).status == .created)
            #expect(try await door.gitLab("Merge Request Hook", try HookSamples.merge(action: "open", fork: true)).status == .created)
            #expect(try await door.gitLab("Merge Request Hook", try HookSamples.merge(action: "update")).status == .ok)
            #expect(try await door.gitLab("Note Hook", Data(#"{"object_kind":"note"}"#.utf8)).status == .ok)
            let changes = try await door.changes()
            #expect(changes.map(\.revision) == ["c1", "h1"])
            #expect(changes.map(\.branch) == ["main", "refs/merge-requests/3/head"])
            #expect(changes.map(\.isUntrusted) == [false, true])
        }
    }

    @Test("A push whose newest commit asks for it is on record, and is to be skipped", arguments: ["[skip ci]", "Fix [CI Skip]", "x\n\n[no ci]"])
    func skip(_ message: String) async throws {
        try await HookDoor.with { door in
            let commits = [HookSamples.commit("c1"), HookSamples.commit("c2", message)]
            let response = try await door.gitHub("push", HookSamples.push(commits, after: "c2"))
            #expect(response.status == .created)
            let changes = try await door.changes()
            #expect(changes.map(\.asksToBeSkipped) == [true, true])
        }
    }

    @Test("What makes no sense is refused with its place and the delivery, and loses nothing of the next")
    func invalid() async throws {
        try await HookDoor.with { door in
            var deep = Data()
            for _ in 0..<2000 { deep += Data(#"{"a":"#.utf8) }
            for (body, status, detail) in [
                (Data("{".utf8), 400, "it does not parse as UTF-8 encoded JSON"),
                (Data([0xff, 0xfe, 0x22]), 400, "it does not parse as UTF-8 encoded JSON"),
                (deep, 400, "it does not parse as UTF-8 encoded JSON"), (Data(#"{"ref":7}"#.utf8), 422, "expected a text"),
                (Data("{}".utf8), 422, "is missing"), (try HookSamples.push([HookSamples.commit("-x")], after: "-x"), 400, "begins with -"),
            ] {
                let response = try await door.gitHub("push", body, delivery: "d-bad")
                #expect(response.status.code == status, "\(String(decoding: body.prefix(40), as: UTF8.self))")
                let problem = try IntakeDoor.problem(response)
                #expect(problem.detail?.contains(detail) == true && problem.detail?.contains("d-bad") == true, "\(problem)")
            }
            #expect(try await door.changes().isEmpty)
            let long = HookSamples.commit("c1", String(repeating: "é", count: 200_000), files: [String(repeating: "f", count: 5000)])
            #expect(try await door.gitHub("push", try HookSamples.push([long], after: "c1")).status == .created)
            let change = try #require(try await door.changes().first)
            #expect(change.comments.utf8.count == 256 << 10 && change.files.isEmpty)
        }
    }
}
