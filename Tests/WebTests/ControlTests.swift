import Domain
import HTTPTypes
import Storage
import StoreConformance
import TestSupport
import Testing

@testable import Web

@Suite(.timeLimit(.minutes(10))) struct ControlTests {
    private static let force = "/api/v1/builders/test/force"
    private static let body = #"{"repository":"https://example.org/demo.git","branch":"main","revision":"1"}"#

    @Test("A force under a key is done once: the repeat gets the first answer, another body is 422; without a key each is new")
    func forceOnce() async throws {
        try await WebRig.with { rig in
            let first = try await rig.post(Self.force, Self.body, key: "k")
            let again = try await rig.post(Self.force, Self.body, key: "k")
            #expect(first.status == .created && again.status == .ok)
            #expect(try WebRig.object(first) == WebRig.object(again))
            let other = try await rig.post(Self.force, #"{"repository":"r","branch":"main"}"#, key: "k")
            #expect(other.status == .unprocessableContent)
            #expect(try WebRig.problem(other).type == "urn:doorbell:problem:idempotency_key_reused")
            // The key belongs to the route: another builder's force is another write.
            #expect(try await rig.post("/api/v1/builders/docs/force", Self.body, key: "k").status == .created)
            #expect(try await rig.post(Self.force, Self.body).status == .created)
            #expect(try await rig.post(Self.force, Self.body).status == .created)
            let count = try await rig.ids("/api/v1/requests").count
            #expect(count == 4)
        }
    }

    @Test("What is not said is taken from the newest change; with none there, it must be said")
    func forceNewest() async throws {
        try await WebRig.with { rig in
            let missing = try await rig.post(Self.force)
            #expect(missing.status == .unprocessableContent)
            #expect(try WebRig.problem(missing).errors?.map(\.pointer) == ["/repository", "/branch"])
            _ = try await rig.store.accept([Samples.change("1", branch: "topic", key: "1")], advancing: nil)
            #expect(try await rig.post(Self.force).status == .created)
            let stamp = try await rig.object("/api/v1/requests/1")["stamp"]
            #expect(stamp["branch"] == "topic" && stamp["repository"].text == Samples.repository)
        }
    }

    @Test("A force of a builder of several codebases builds their tips, or what is said of each; of others it knows nothing")
    func codebases() async throws {
        try await WebRig.with { rig in
            try await rig.apply(Samples.codebases())
            #expect(try await rig.post(Self.force).status == .created)
            let tips = try await rig.object("/api/v1/buildsets/1")
            #expect(tips["stamps"].items.map { $0["branch"] } == ["main", "stable"] && tips["stamps"].items[0]["revision"] == .null)
            let body = #"{"revision":"1","codebases":{"lib":{"branch":"topic","revision":"2"}}}"#
            #expect(try await rig.post(Self.force, body).status == .created)
            let said = try await rig.object("/api/v1/requests/2")["stamps"].items
            #expect(said.map { $0["revision"] } == ["1", "2"] && said.map { $0["codebase"] } == ["app", "lib"] && said[1]["branch"] == "topic")
            let wrong = try await rig.post(Self.force, #"{"repository":"r","codebases":{"lib":{"branch":""},"lob":{}}}"#)
            #expect(try WebRig.problem(wrong).errors?.map(\.pointer) == ["/repository", "/codebases/lib/branch", "/codebases"])
            #expect(try await rig.post(Self.force, #"{"codebases":{"lib":{"revison":"2"}}}"#).status == .unprocessableContent)
        }
    }

    @Test("A builder with parameters takes those and no others, fills in defaults, and shows them; every wrong one is named at once")
    func parameters() async throws {
        var builder = Samples.builder("test")
        var share = ForceParameter("share", .number, default: 10)
        share.maximum = 100
        builder.force = ForceRule(parameters: [share, ForceParameter("ticket", .text, required: true)], reason: .required)
        try await WebRig.with([builder]) { rig in
            let stamp = #""repository":"https://example.org/demo.git","branch":"main""#
            let wrong = try await rig.post(Self.force, #"{\#(stamp),"properties":{"share":101,"tickt":"1"}}"#)
            #expect(wrong.status == .unprocessableContent)
            let pointers = try WebRig.problem(wrong).errors?.map(\.pointer)
            #expect(pointers == ["/properties/share", "/properties/ticket", "/properties/tickt", "/reason"])
            #expect(try await rig.ids("/api/v1/requests").isEmpty)
            let right = try await rig.post(Self.force, #"{\#(stamp),"reason":"wanted","properties":{"ticket":"1"}}"#)
            #expect(right.status == .created)
            let properties = try await rig.object("/api/v1/buildsets/1")["properties"]
            #expect(properties["share"]["value"] == 10 && properties["ticket"]["value"] == "1")
            let shown = try await rig.object("/api/v1/builders/test")["force"]
            #expect(shown["reason"] == "required" && shown["parameters"].items.map { $0["kind"] } == ["number", "text"])
        }
    }

    @Test("A repeat gets the first answer, though the configuration of now would refuse it")
    func repeatUnderAnotherConfiguration() async throws {
        try await WebRig.with { rig in
            let body = #"{"repository":"https://example.org/demo.git","branch":"main","properties":{"channel":"beta"}}"#
            let first = try await rig.post(Self.force, body, key: "k")
            #expect(first.status == .created)
            var builder = Samples.builder("test")
            builder.force = ForceRule()
            try await rig.apply([builder])
            #expect(try await rig.post(Self.force, body, key: "other").status == .unprocessableContent)
            let again = try await rig.post(Self.force, body, key: "k")
            #expect(again.status == .ok)
            #expect(try WebRig.object(again) == WebRig.object(first))
            #expect(try await rig.ids("/api/v1/requests").count == 1)
        }
    }

    private static let wrongControls = [
        ("builders/test/force", #"{"branch":"--upload-pack=x","repository":"r"}"#, "/branch"),
        ("builders/test/force", #"{"branch":"b","repository":"ext::sh -c id"}"#, "/repository"),
        ("builders/test/force", #"{"branch":"b","repository":"r","revision":"-x"}"#, "/revision"),
        ("builders/test/force", #"{"branch":"b","repository":"r","priority":1.5}"#, "/priority"),
        ("builders/test/force", #"{"branch":"b","repository":"r","priority":1000001}"#, "/priority"),
        ("builders/test/force", #"{"branch":"b","repository":"r","properties":{"a b":1}}"#, "/properties"),
        ("builders/test/force", #"{"branch":"b","repository":"r","reason":"\u0000"}"#, "/reason"),
        ("builders/test/force", #"{"brnch":"b"}"#, "/brnch"), ("requests/1/cancel", #"{"reason":7}"#, "/reason"),
        ("requests/1/cancel", #"{"reason":"\#(String(repeating: "x", count: 1001))"}"#, "/reason"), ("requests/1/cancel", #"{"why":""}"#, "/why"),
        ("requests/1/priority", "{}", "/priority"), ("requests/1/priority", #"{"priority":"high"}"#, "/priority"),
        ("builds/1/rebuild", #"{"again":true}"#, "/again"), ("workers/w1/pause", #"{"for":"ever"}"#, "/for"),
    ]

    @Test("A control that is wrong is refused by field, and nothing happens")
    func wrong() async throws {
        try await WebRig.with { rig in
            try await rig.force()
            let events = try await rig.store.everyEvent()
            for (path, body, pointer) in Self.wrongControls {
                let response = try await rig.post("/api/v1/" + path, body)
                #expect(response.status == .unprocessableContent, "\(path) \(body.prefix(100))")
                #expect(try WebRig.problem(response).errors?.map(\.pointer) == [pointer])
            }
            #expect(try await rig.store.everyEvent() == events)
        }
    }

    private static let missingTargets = [
        ("builders/none/force", "{}"), ("builders/..%2ftest/force", "{}"), ("requests/99/cancel", "{}"), ("builds/99/cancel", "{}"),
        ("builds/99/rebuild", "{}"), ("requests/99/priority", #"{"priority":1}"#), ("workers/none/pause", "{}"), ("workers/none/resume", "{}"),
        ("requests/x/cancel", "{}"),
    ]

    @Test("A control of what is not there is 404")
    func missing() async throws {
        try await WebRig.with { rig in
            for (path, body) in Self.missingTargets {
                let response = try await rig.post("/api/v1/" + path, body)
                #expect(response.status == .notFound)
                #expect(try WebRig.problem(response).status == 404)
            }
        }
    }

    @Test("A pending request is cancelled at once, a running one when its worker has stopped; asking again is no error")
    func cancel() async throws {
        try await WebRig.with { rig in
            let told = Watched(0)
            let subscription = rig.bell.listen(to: .dispatchCancels) { told.change { $0 += 1 } }
            defer { subscription.cancel() }
            try await rig.force()
            let worker = try await WorkerDouble(rig.store, "w1")
            let build = try #require(try await worker.claim().first)
            try await worker.accept([build])
            try await rig.force()
            for _ in 0..<2 {
                let pending = try WebRig.object(try await rig.post("/api/v1/requests/2/cancel", #"{"reason":"no"}"#))
                #expect(pending["phase"] == "finished" && pending["build"] == .null)
            }
            #expect(told.value == 0)
            for path in ["/api/v1/requests/1/cancel", "/api/v1/builds/\(build.build)/cancel"] {
                let running = try WebRig.object(try await rig.post(path))
                #expect(running["phase"] == "claimed" && running["build"].integer == build.build.rawValue)
            }
            #expect(told.value == 2)
            try await worker.finish(build, .cancelled)
            let after = try await rig.object("/api/v1/requests/1")
            #expect(after["outcome"] == "cancelled" && after["cancel_reason"] == "by hand")
        }
    }

    @Test("A build is built again at the same stamp, once for a key; a priority and a pause hold, and end")
    func others() async throws {
        try await WebRig.with { rig in
            try await rig.force(revision: "7")
            let worker = try await WorkerDouble(rig.store, "w1")
            let build = try #require(try await worker.claim().first)
            try await worker.accept([build])
            try await worker.finish(build, .failure)
            let path = "/api/v1/builds/\(build.build)/rebuild"
            let first = try await rig.post(path, key: "k")
            let again = try await rig.post(path, key: "k")
            #expect(first.status == .created && again.status == .ok)
            let request = try #require(try WebRig.object(first)["request"].integer)
            #expect(try await rig.object("/api/v1/requests/\(request)")["stamp"]["revision"] == "7")
            let raised = try WebRig.object(try await rig.post("/api/v1/requests/\(request)/priority", #"{"priority":5}"#))
            #expect(raised["priority"] == 5)
            #expect(try await rig.post("/api/v1/requests/1/priority", #"{"priority":5}"#).status == .conflict)
            for (verb, paused) in [("pause", JSONValue.bool(true)), ("pause", true), ("resume", false)] {
                let answer = try WebRig.object(try await rig.post("/api/v1/workers/w1/\(verb)"))
                #expect(answer["paused"] == paused)
            }
        }
    }

    @Test("Why a request waits for a limit or a lock is told by the builds that have it, since when, and by what comes first")
    func whyBound() async throws {
        var builders = ["deploy", "backup", "test", "docs"].map { Samples.builder($0) }
        builders[0].locks = [LockUse("db")]
        builders[1].locks = [LockUse("db", .counting)]
        builders[2].limit = 1
        try await WebRig.with(builders, locks: [Lock(name: "db", count: 5)], limit: 3) { rig in
            @Sendable func reasons(_ request: Int64) async throws -> [String?] {
                try await rig.object("/api/v1/requests/\(request)/why")["reasons"].items.map { reason in
                    reason["code"].text.map { "\($0): \(reason["text"].text ?? "")" }
                }
            }
            for builder in ["backup", "test", "deploy", "backup", "test"] { try await rig.force(builder) }
            let worker = try await WorkerDouble(rig.store, "w1")
            let builds = try await worker.claim()
            #expect(builds.map(\.build) == [BuildID(1), BuildID(2)])
            let since = try #require(try await rig.store.build(BuildID(1))).assigned
            let (deploy, backup, test) = (try await reasons(3), try await reasons(4), try await reasons(5))
            #expect(deploy == ["lock: lock db is held by build 1 of backup since \(since)"])
            #expect(backup == ["lock: lock db goes first to request 3 of deploy"])
            #expect(test == ["limit: builder test has 1 of 1 builds at once: 2"])
            try await rig.force("docs")
            #expect(try await worker.claim(holding: builds).count == 1)
            let project = try await reasons(5)
            #expect(project == ["limit: the deployment has 3 of 3 builds at once, the limit of its configuration"])
        }
    }

    @Test("What nobody may trust waits for a worker that accepts it, and says so; nobody sets or clears the mark by hand")
    func untrusted() async throws {
        try await WebRig.with { rig in
            let body = #"{"repository":"r","branch":"b","properties":{"untrusted":false}}"#
            let refused = try await rig.post(Self.force, body)
            #expect(refused.status == .unprocessableContent)
            #expect(try WebRig.problem(refused).errors?.map(\.pointer) == ["/properties/untrusted"])
            var change = Samples.change("1", key: "1")
            change.properties = [PullProperty.untrusted: true]
            _ = try await rig.store.accept([change], advancing: nil)
            #expect(try await rig.post(Self.force).status == .created)
            _ = try await WorkerDouble(rig.store, "w1")
            let reasons = try await rig.object("/api/v1/requests/1/why")["reasons"].items
            #expect(reasons.map { $0["code"] } == ["untrusted"])
            #expect(reasons.first?["text"].text?.hasPrefix("no worker accepts untrusted builds") == true)
        }
    }

    @Test("Why a request waits for its project is told by the limit, the shares, and who waited too long")
    func whyProject() async throws {
        let projects = [ProjectRule(name: "docs", limit: 1), ProjectRule(name: "app", share: 2), ProjectRule(name: "old", longestWait: .seconds(60))]
        let clock = ManualStoreClock()
        try await WebRig.with([Samples.builder("test")], projects: projects, clock: clock) { rig in
            @Sendable func reasons(_ request: RequestID) async throws -> [String?] {
                try await rig.object("/api/v1/requests/\(request)/why")["reasons"].items.map { reason in
                    reason["code"].text.map { "\($0): \(reason["text"].text ?? "")" }
                }
            }
            @Sendable func force(_ project: String) async throws -> RequestID {
                var force = Samples.force()
                force.project = project
                return try await rig.store.force(force, idempotency: nil).request
            }
            let first = [try await force("docs"), try await force("app"), try await force("app"), try await force("app")]
            let worker = try await WorkerDouble(rig.store, "w1", slots: 4)
            #expect(try await worker.claim().map(\.request) == first)
            let (docs, app, site) = (try await force("docs"), try await force("app"), try await force("site"))
            let (ofDocs, ofApp) = (try await reasons(docs), try await reasons(app))
            #expect(ofDocs.first == "limit: project docs has 1 of 1 builds at once: 1")
            #expect(ofApp.first == "share: project app has 3 builds with share 2: first goes project site, which has 0 with share 1")
            #expect(try await reasons(site).first == "busy: all slots of w1 are busy with builds 1, 2, 3, 4")
            let old = try await force("old")
            clock.advance(by: .seconds(61))
            let (ofOld, ofSite) = (try await reasons(old), try await reasons(site))
            #expect(ofOld.first == "longest_wait: it goes before all others: it waits longer than 60.0 seconds, the longest wait of project old")
            #expect(ofSite.compactMap { $0 }.first?.hasPrefix("longest_wait: project old goes first: a request of it waits since ") == true)
        }
    }

    @Test("Why a request is not next is told in the order of the claim: who waited too long, also of its own project, and who has a higher priority")
    func whyOrder() async throws {
        let projects = [ProjectRule(name: "a", longestWait: .seconds(60)), ProjectRule(name: "b", longestWait: .seconds(60))]
        let clock = ManualStoreClock()
        var builders = [Samples.builder("test"), Samples.builder("docs"), Samples.builder("lock"), Samples.builder("hold")]
        builders[2].locks = [LockUse("db")]
        builders[3].locks = [LockUse("db")]
        try await WebRig.with(builders, locks: [Lock(name: "db", count: 1)], projects: projects, clock: clock) { rig in
            @Sendable func reasons(_ request: RequestID) async throws -> [String] {
                try await rig.object("/api/v1/requests/\(request)/why")["reasons"].items.map { "\($0["code"].text ?? ""): \($0["text"].text ?? "")" }
            }
            @Sendable func force(_ builder: String, _ project: String, _ priority: Int = 0) async throws -> RequestID {
                var force = Samples.force(builder, priority: priority)
                force.project = project
                return try await rig.store.force(force, idempotency: nil).request
            }
            _ = try await WorkerDouble(rig.store, "w1", slots: 1)
            let old = [try await force("test", "a", -5), try await force("docs", "a", -9), try await force("lock", "b", -9)]
            clock.advance(by: .seconds(61))
            let new = [try await force("test", "a", 5), try await force("hold", "b", 9)]
            // The first of all is the oldest that has waited too long, however low its priority is.
            let first = try await reasons(old[0])
            #expect(first.map { $0.prefix { $0 != ":" } } == ["longest_wait", "next"])
            let second = try await reasons(old[1])
            #expect(second.count == 2 && second[1].hasPrefix("longest_wait: request \(old[0]) of test goes first: a request of it waits since "))
            let of = try await reasons(new[0])
            #expect(of.contains { $0.hasPrefix("longest_wait: request \(old[1]) of docs goes first") })
            #expect(of.contains { $0.hasPrefix("longest_wait: project b goes first") })
            #expect(
                of.contains(
                    "queue: 1 requests with the same builder and project come first: those that have waited too long, then by priority and age"))
            #expect(!of.contains { $0.hasPrefix("next") })
            // Whoever comes first for a lock is told in that order, too: by age here, though its priority is lower.
            let hold = try await reasons(new[1])
            #expect(hold.first == "lock: lock db goes first to request \(old[2]) of lock")
        }
        try await WebRig.with(builders) { rig in
            _ = try await WorkerDouble(rig.store, "w1", slots: 1)
            let later = try await rig.store.force(Samples.force(), idempotency: nil).request
            let first = try await rig.store.force(Samples.force("docs", priority: 1), idempotency: nil).request
            let reasons = try await rig.object("/api/v1/requests/\(later)/why")["reasons"].items.map { $0["text"].text }
            #expect(reasons == ["by priority and age, first comes request \(first) of docs"])
        }
    }

    @Test("A request that another one's build answers says so, and the build names it")
    func answered() async throws {
        let rules = ["each", "other"].map { SchedulerRule(name: $0, kind: .anyBranch, builders: ["test"]) }
        try await WebRig.with(schedulers: rules) { rig in
            _ = try await rig.store.accept([Samples.commit("1")], advancing: nil)
            _ = try await rig.store.classify(limit: 10, planner: Planner(configuration: Samples.configuration()))
            let worker = try await WorkerDouble(rig.store, "w1")
            let waiting = try await rig.object("/api/v1/requests/3/why")["reasons"].items.map { $0["text"].text }
            // What the first of them waits for is said of that one.
            let rides = "request 1 asks for the same and comes first: one build will answer both (`doorbell why 1` tells what that waits for)"
            #expect(waiting == [rides])
            let first = try await rig.object("/api/v1/requests/1/why")["reasons"].items.map { $0["text"].text ?? "" }
            #expect(first.contains("request 3 asks for the same: one build will answer both"))
            let build = try #require(try await worker.claim().first)
            let request = try await rig.object("/api/v1/requests/3")
            #expect(request["answered_by"] == .integer(build.build.rawValue) && request["builds"].items.isEmpty)
            let why = try await rig.object("/api/v1/requests/3/why")["reasons"].items
            #expect(why.map { $0["code"].text } == ["answered_by", "assigned"])
            #expect(why.first?["text"].text == "build 1 of request 1 answers it: that was first in line, and both ask for the same")
            let answers = try await rig.object("/api/v1/builds/1")["answers"].items
            #expect(answers == [3, 4])
            let page = try await rig.get("/builds/1").body
            #expect(String(buffer: page).contains("<dt>Answers too</dt>"))
            try await worker.accept([build])
            try await worker.finish(build)
            let after = try await rig.object("/api/v1/requests/3/why")["reasons"].items.map { $0["code"].text }
            #expect(after == ["answered_by", "finished"])
        }
    }

    @Test("Why a request waits is told by what it waits for, and what became of it after")
    func why() async throws {
        try await WebRig.with([Samples.builder("test"), Samples.builder("mac", labels: ["os": "mac"])]) { rig in
            @Sendable func codes(_ request: Int64) async throws -> [String?] {
                try await rig.object("/api/v1/requests/\(request)/why")["reasons"].items.map { $0["code"].text }
            }
            try await rig.force("mac")
            try await rig.force()
            try await rig.force()
            let first = try await codes(2)
            #expect(first == ["no_worker"])
            let worker = try await WorkerDouble(rig.store, "w1", labels: ["os": "linux"], slots: 1)
            let (label, next, queue) = (try await codes(1), try await codes(2), try await codes(3))
            #expect(label == ["no_label"] && next == ["next"] && queue == ["queue"])
            try await rig.store.setWorkerPaused("w1", paused: true)
            let paused = try await codes(2)
            #expect(paused == ["paused"])
            try await rig.store.setWorkerPaused("w1", paused: false)
            let build = try #require(try await worker.claim(1).first)
            let (assigned, busy) = (try await codes(2), try await codes(3))
            #expect(assigned == ["assigned"] && busy == ["busy"])
            try await worker.accept([build])
            _ = try await rig.store.cancelBuild(build.build, reason: "no")
            let running = try await codes(2)
            #expect(running == ["running", "cancelling"])
            try await worker.finish(build, .cancelled)
            let finished = try await codes(2)
            #expect(finished == ["finished"])
        }
    }
}
