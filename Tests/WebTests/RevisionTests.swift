import Domain
import HTTPTypes
import Storage
import StoreConformance
import Testing

@testable import Web

@Suite(.timeLimit(.minutes(10))) struct RevisionTests {
    private func body(_ builders: String..., fields: String = "") -> String {
        let files = builders.map { #"{"name":"/x/\#($0).yaml","text":"\#($0)"}"# }.joined(separator: ",")
        return #"{"files":[\#(files)]\#(fields)}"#
    }

    @Test("Every revision is listed with who applied it and what it holds, and shown whole; `current` is the one in force")
    func history() async throws {
        try await WebRig.with { rig in
            _ = try await rig.post("/api/v1/config", body("test", "extra", fields: #","by":"ada@host""#))
            let list = try await rig.object("/api/v1/config/revisions")["items"].items
            #expect(list.map { $0["id"].integer } == [2, 1] && list[0]["by"] == "ada@host" && list[1]["by"] == .null)
            #expect(list[0]["counts"] == .object(["sources": 0, "schedulers": 1, "builders": 2]))
            let first = try await rig.object("/api/v1/config/revisions?limit=1")
            let next = try #require(first["next"].text)
            #expect(try await rig.ids("/api/v1/config/revisions?limit=1&after=\(next)") == [1])
            let current = try await rig.object("/api/v1/config/revisions/current")
            #expect(try await rig.object("/api/v1/config/revisions/2") == current)
            #expect(current["configuration"]["builders"].items.map { $0["name"] } == ["test", "extra"])
            #expect(try await rig.get("/api/v1/config/revisions/3").status == .notFound)
            #expect(try await rig.get("/api/v1/config/revisions/x").status == .notFound)
        }
    }

    @Test("The difference of two revisions is told by item and field; the one before and the one in force when not said")
    func difference() async throws {
        try await WebRig.with { rig in
            #expect(try await rig.get("/api/v1/config/diff").status == .notFound)
            _ = try await rig.post("/api/v1/config", body("test", "extra"))
            let usual = try await rig.object("/api/v1/config/diff")
            #expect(usual["from"] == 1 && usual["to"] == 2)
            #expect(try await rig.object("/api/v1/config/diff?from=1&to=2") == usual)
            let items = usual["items"].items.map { "\($0["list"].text ?? "") \($0["name"].text ?? "") \($0["change"].text ?? "")" }
            #expect(
                items == ["builders extra added", "builders docs removed", "schedulers commits changed", "sources repo removed"])
            let field = try #require(usual["items"].items[2]["fields"].items.first)
            #expect(field == .object(["pointer": "/builders", "from": .array(["test", "docs"]), "to": .array(["test", "extra"])]))
            let back = try await rig.object("/api/v1/config/diff?from=2&to=1")
            #expect(back["items"].items.contains { $0["name"] == "docs" && $0["change"] == "added" })
            #expect(try await rig.object("/api/v1/config/diff?from=2&to=2")["items"] == .array([]))
            for wrong in ["?from=9", "?to=9"] { #expect(try await rig.get("/api/v1/config/diff\(wrong)").status == .notFound) }
            #expect(try await rig.get("/api/v1/config/diff?from=x").status == .badRequest)
        }
    }

    @Test("Since when a group has its members is no difference: nobody wrote it")
    func groups() async throws {
        try await WebRig.with { rig in
            var together = Samples.configuration()
            together.mirrors = ["hook": MirrorGroup(name: "hook"), "poll": MirrorGroup(name: "hook")]
            var ids: [ConfigurationID] = []
            for (number, configuration) in [together, Samples.configuration(), together].enumerated() {
                ids.append(try await rig.store.apply(configuration, digest: Samples.digest(50 + number)).applied.id)
            }
            let last = try #require(try await rig.store.currentConfiguration()).configuration
            #expect(last.mirrors["poll"]?.since == ids[1] && last.written == together)
            let difference = try await rig.object("/api/v1/config/diff?from=\(ids[0])&to=\(ids[2])")
            #expect(difference["fields"] == .array([]) && difference["items"] == .array([]))
        }
    }

    @Test("A rollback makes an earlier revision a new one that says so; asked for again it changes nothing")
    func rollback() async throws {
        try await WebRig.with { rig in
            _ = try await rig.post("/api/v1/config", body("extra"))
            let rollback = #"{"revision":1,"expect":2,"by":"bob"}"#
            let answer = try WebRig.object(try await rig.post("/api/v1/config/rollback", rollback))
            #expect(answer["changed"] == true && answer["id"] == 3)
            let again = try WebRig.object(try await rig.post("/api/v1/config/rollback", rollback))
            #expect(again["changed"] == false && again["id"] == 3)
            let current = try await rig.object("/api/v1/config/revisions/current")
            #expect(current["restores"] == 1 && current["by"] == "bob")
            #expect(try await rig.object("/api/v1/config/revisions/1")["configuration"] == current["configuration"])
            #expect(try await rig.post("/api/v1/config/rollback", #"{"revision":9}"#).status == .notFound)
        }
    }

    @Test("What was meant to follow another revision is refused as stale, and nothing changes")
    func stale() async throws {
        try await WebRig.with { rig in
            _ = try await rig.post("/api/v1/config", body("extra", fields: #","expect":1"#))
            let requests = [
                ("/api/v1/config", body("others", fields: #","expect":1"#)), ("/api/v1/config/rollback", #"{"revision":1,"expect":1}"#),
            ]
            for (path, body) in requests {
                let response = try await rig.post(path, body)
                #expect(response.status == .conflict)
                let problem = try WebRig.problem(response)
                #expect(problem.type == "urn:doorbell:problem:stale_configuration")
                #expect(problem.detail?.contains("revision 2 is in force, not 1") == true)
            }
            #expect(try await rig.ids("/api/v1/config/revisions") == [2, 1])
        }
    }

    @Test(
        "A name that is none, and fields that nobody knows, are refused by field",
        arguments: [
            ("/api/v1/config/rollback", #"{"revision":1,"by":""}"#, "/by"), ("/api/v1/config/rollback", #"{"revision":1,"by":"a\nb"}"#, "/by"),
            ("/api/v1/config/rollback", "{}", "/revision"), ("/api/v1/config/rollback", #"{"revision":1,"expected":1}"#, "/expected"),
            ("/api/v1/config", #"{"files":[{"name":"/a","text":"a"}],"by":"\#(String(repeating: "x", count: 201))"}"#, "/by"),
            ("/api/v1/config", #"{"files":[{"name":"/a","text":"a"}],"expect":"one"}"#, "/expect"),
        ])
    func wrong(path: String, body: String, pointer: String) async throws {
        try await WebRig.with { rig in
            let response = try await rig.post(path, body)
            #expect(response.status == .unprocessableContent)
            #expect(try WebRig.problem(response).errors?.map(\.pointer) == [pointer])
            #expect(try await rig.ids("/api/v1/config/revisions") == [1])
        }
    }

    @Test("A buildset and its builds say which revision they were planned under")
    func plannedUnder() async throws {
        try await WebRig.with { rig in
            try await rig.force()
            _ = try await rig.post("/api/v1/config", body("test"))
            #expect(try await rig.object("/api/v1/buildsets/1")["configuration"] == 1)
            let worker = try await WorkerDouble(rig.store, "w1")
            let build = try #require(try await worker.claim().first)
            let document = try await rig.object("/api/v1/builds/\(build.build)")
            #expect(document["configuration"] == 2 && document["planned_under"] == 1)
        }
    }
}
