import Domain
import Foundation
import Hummingbird
import Storage
import TestSupport
import Testing
import Wire

@testable import Intake

/// What is kept of what forges deliver, and what becomes of it when it is read again.
@Suite struct HookDeliveryTests {
    @Test("What was refused is kept as it came, and the answer says under which number")
    func refused() async throws {
        try await HookDoor.with { door in
            for (number, body, reason) in [(1, "{", "it does not parse as UTF-8 encoded JSON"), (2, #"{"ref":7}"#, "/ref: expected a text")] {
                let response = try await door.gitHub("push", Data(body.utf8), delivery: "d-\(number)")
                let detail = try IntakeDoor.problem(response).detail ?? ""
                #expect(detail.hasSuffix("(delivery d-\(number), kept as \(number))"), "\(detail)")
                let kept = try #require(try await door.store.delivery(DeliveryID(Int64(number))))
                #expect(kept.row.source == "github" && kept.row.name == "d-\(number)" && kept.row.event == "push")
                #expect(kept.row.judgement.verdict == .refused && kept.row.judgement.reason.hasPrefix(reason), "\(kept.row.judgement)")
                #expect(kept.body == Array(body.utf8))
            }
        }
    }

    @Test("What was taken, and what made no change, is kept too; what it was signed with never is")
    func taken() async throws {
        try await HookDoor.with(branches: ["main"]) { door in
            let commits = [HookSamples.commit("c1"), HookSamples.commit("c2")]
            let body = try HookSamples.push(commits, after: "c2")
            _ = try await door.gitHub("push", body)
            _ = try await door.gitHub("star", Data("{}".utf8), delivery: "d-2")
            _ = try await door.gitLab("Push Hook", HookSamples.gitLabPush([HookSamples.commit("c1")], after: "c1"))
            _ = try await door.gitea("push", HookSamples.push(commits, after: "c2"))
            let rows = try await door.deliveries()
            #expect(
                rows.map(\.judgement) == [
                    DeliveryJudgement(.accepted, changes: 2), DeliveryJudgement(.ignored, reason: "events of kind star make no change"),
                    DeliveryJudgement(.accepted, changes: 1), DeliveryJudgement(.accepted, changes: 2),
                ])
            #expect(rows.map(\.event) == ["push", "star", "Push Hook", "push"] && rows.map(\.source) == ["github", "github", "gitlab", "gitea"])
            #expect(try await door.store.delivery(DeliveryID(1))?.body == Array(body))
            for row in rows {
                let headers = try #require(try await door.store.delivery(row.id)).headers
                #expect(headers["content-type"] == "application/json")
                #expect(headers.keys.allSatisfy { !$0.contains("signature") && !$0.contains("token") })
                #expect(!headers.values.contains { $0.contains(HookDoor.secret) })
            }
        }
    }

    @Test("Of whoever cannot sign nothing is kept")
    func forged() async throws {
        try await HookDoor.with { door in
            let body = try HookSamples.push([HookSamples.commit("c1")], after: "c1")
            #expect(try await door.gitHub("push", body, secret: "guess").status == .unauthorized)
            #expect(try await door.gitLab("Push Hook", Data("{".utf8), secret: "guess").status == .unauthorized)
            #expect(try await door.post("absent", ["X-GitHub-Event": "push"], body).status == .serviceUnavailable)
            #expect(try await door.post("nobody", [:], body).status == .notFound)
            #expect(try await door.deliveries().isEmpty)
        }
    }

    @Test("A long body is kept when it was refused; when it was taken there is a record without it")
    func long() async throws {
        try await HookDoor.with { door in
            let commit = HookSamples.commit("c1", String(repeating: "x", count: HookRecord.longestTaken))
            #expect(try await door.gitHub("push", HookSamples.push([commit], after: "c1")).status == .created)
            let refused = Data(repeating: UInt8(ascii: " "), count: HookRecord.longestTaken + 1)
            #expect(try await door.gitHub("push", refused).status == .badRequest)
            #expect(try await door.gitHub("push", Data(repeating: UInt8(ascii: " "), count: HookRecord.longestRefused + 1)).status == .badRequest)
            let rows = try await door.deliveries()
            #expect(rows.map(\.isKept) == [false, true, false])
            #expect(rows.map(\.judgement.verdict) == [.accepted, .refused, .refused])
            await #expect(throws: Problem.self) { try await door.redeliver(rows[0].id) }
        }
    }

    @Test("Read again after the configuration was mended, a delivery makes its changes; read once more, it makes no others")
    func mended() async throws {
        try await HookDoor.with(branches: ["release/*"]) { door in
            let commits = [HookSamples.commit("c1"), HookSamples.commit("c2")]
            #expect(try await door.gitHub("push", HookSamples.push(commits, after: "c2")).status == .ok)
            let id = try #require(try await door.deliveries().first?.id)
            let same = try await door.redeliver(id)
            #expect(same.verdict == .ignored && same.reason == "the source does not watch branch main" && same.changes.isEmpty)
            door.watch(["main"])
            let first = try await door.redeliver(id)
            #expect(first.verdict == .accepted && first.changes.map(\.created) == [true, true] && first.reason == nil)
            #expect(try await door.changes().map(\.revision) == ["c1", "c2"])
            let again = try await door.redeliver(id)
            #expect(again.changes == first.changes.map { HookAnswer.Made(id: $0.id, chain: $0.chain, created: false) })
            // The forge's own redelivery is the same push as well.
            #expect(try await door.gitHub("push", HookSamples.push(commits, after: "c2")).status == .ok)
            #expect(try await door.changes().count == 2)
            let row = try #require(try await door.store.delivery(id)?.row)
            #expect(row.judgement == DeliveryJudgement(.accepted, changes: 2) && row.redelivered != nil)
        }
    }

    @Test("Where the body alone tells pushes apart, it does so when one is read again")
    func unnamed() async throws {
        try await HookDoor.with { door in
            let body = try HookSamples.gitLabPush([HookSamples.commit("c1")], after: "c1")
            let headers = ["X-Gitlab-Event": "Push Hook", "X-Gitlab-Token": HookDoor.secret, "X-Gitlab-Event-UUID": "e-1"]
            #expect(try await door.post("gitlab", headers, body).status == .created)
            #expect(try await door.redeliver(DeliveryID(1)).changes.map(\.created) == [false])
        }
    }

    @Test("What is refused again says why; what cannot be read again is a conflict")
    func refusedAgain() async throws {
        try await HookDoor.with { door in
            _ = try await door.gitHub("push", Data("{}".utf8))
            let answer = try await door.redeliver(DeliveryID(1))
            #expect(answer.verdict == .refused && answer.reason == "/ref: is missing" && answer.changes.isEmpty)
            door.forget("github")
            await #expect {
                try await door.redeliver(DeliveryID(1))
            } throws: { error in
                (error as? Problem)?.status == 409 && (error as? Problem)?.detail?.contains("github") == true
            }
        }
    }

    @Test("A record that cannot be written costs no change, and no answer")
    func withoutRecord() async throws {
        try await HookDoor.with(records: .internalError("there is no table for it")) { door in
            #expect(try await door.gitHub("push", HookSamples.push([HookSamples.commit("c1")], after: "c1")).status == .created)
            #expect(try await door.gitHub("star", Data("{}".utf8)).status == .ok)
            let refused = try IntakeDoor.problem(try await door.gitHub("push", Data("{}".utf8)))
            #expect(refused.status == 422 && refused.detail?.hasSuffix("(delivery d-1)") == true)
            #expect(try await door.changes().map(\.revision) == ["c1"])
            #expect(try await door.deliveries().isEmpty)
        }
    }

    @Test("With the database away changes go to the spool, without a record, and what makes none is answered as ever")
    func away() async throws {
        try await HookDoor.with(records: .unavailable("the database is away"), isSpooling: true) { door in
            let response = try await door.gitHub("push", HookSamples.push([HookSamples.commit("c1")], after: "c1"))
            #expect(response.status == .accepted)
            #expect(try HookDoor.answer(response).changes.map(\.id) == [nil])
            #expect(try await door.changes().isEmpty)
            #expect(try await door.gitHub("star", Data("{}".utf8)).status == .ok)
            let refused = try IntakeDoor.problem(try await door.gitHub("push", Data("{}".utf8)))
            #expect(refused.status == 422 && refused.detail?.hasSuffix("(delivery d-1)") == true)
        }
    }
}
