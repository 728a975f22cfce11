import Domain
import HTTPTypes
import Storage
import StoreConformance
import Testing

@testable import Web

@Suite(.timeLimit(.minutes(10))) struct ReadingTests {
    /// Three changes, five requests, of which two were built: one well, one not.
    private func world(_ test: @Sendable @escaping (WebRig) async throws -> Void) async throws {
        try await WebRig.with { rig in
            _ = try await rig.store.accept(
                [
                    Samples.change("1", key: "1"), Samples.change("2", branch: "topic", key: "2"),
                    NewChange(source: "hook", project: "other", repository: "r", branch: "main", revision: "3", author: "Bob", dedupeKey: "3"),
                ], advancing: nil)
            for (builder, branch, revision) in [("test", "main", "1"), ("docs", "main", "1"), ("test", "topic", "2")] {
                try await rig.force(builder, branch: branch, revision: revision)
            }
            let worker = try await WorkerDouble(rig.store, "w1", slots: 2)
            let builds = try await worker.claim(2)
            try await worker.accept(builds)
            try await worker.finish(try #require(builds.first), .success)
            try await worker.finish(try #require(builds.last), .failure, cause: .exitStatus)
            _ = try await WorkerDouble(rig.store, "w2", slots: 1).claim()
            try await rig.force("docs", branch: "release", revision: "4")
            try await rig.force("docs", branch: "release", revision: "5")
            try await test(rig)
        }
    }

    private static let filtered: [(String, [Int64])] = [
        ("changes", [3, 2, 1]), ("changes?order=asc", [1, 2, 3]), ("changes?project=demo", [2, 1]), ("changes?branch=topic", [2]),
        ("changes?repository=r", [3]), ("changes?revision=2", [2]), ("changes?author=Bob", [3]), ("changes?source=hook", [3]),
        ("changes?branch=main&project=demo", [1]), ("changes?branch=top", []), ("changes?branch=%25", []),
        ("buildsets", [5, 4, 3, 2, 1]), ("buildsets?branch=release", [5, 4]), ("buildsets?finished=1", [2, 1]),
        ("buildsets?finished=0", [5, 4, 3]), ("buildsets?outcome=failure", [2]), ("buildsets?revision=1", [2, 1]),
        ("requests?phase=pending", [5, 4]), ("requests?builder=docs", [5, 4, 2]), ("requests?outcome=success", [1]),
        ("requests?buildset=3", [3]), ("requests?branch=topic&phase=claimed", [3]), ("builds", [3, 2, 1]), ("builds?worker=w2", [3]),
        ("builds?phase=finished&order=asc", [1, 2]), ("builds?outcome=success", [1]), ("builds?builder=test", [3, 1]),
        ("builds?revision=2", [3]), ("builds?branch=main", [2, 1]), ("builds?request=2", [2]), ("builds?buildset=1", [1]),
        ("builds?limit=2", [3, 2]), ("changes?since=2000-01-01T00:00:00Z", [3, 2, 1]), ("builds?until=2000-01-01T00:00:00Z", []),
        ("requests?since=9999-12-31T23:59:59Z", []), ("requests?since=2000-01-01T00:00:00Z&until=9999-12-31T23:59:59%2B00:00&limit=1", [5]),
    ]

    @Test("A list has what its filters name, the newest first")
    func filters() async throws {
        try await world { rig in
            for (path, expected) in Self.filtered {
                let ids = try await rig.ids("/api/v1/" + path)
                #expect(ids == expected, "\(path)")
            }
        }
    }

    @Test("Pages follow each other without a gap or a repeat, and the last says that it is", arguments: ["asc", "desc"])
    func pages(order: String) async throws {
        try await world { rig in
            for limit in [1, 2, 3, 5, 6] {
                var ids: [Int64] = []
                var path: String? = "/api/v1/requests?limit=\(limit)&order=\(order)"
                var count = 0
                while let page = path {
                    let document = try await rig.object(page)
                    count += 1
                    ids += document["items"].items.compactMap { $0["id"].integer }
                    path = document["next"].text.map { "/api/v1/requests?limit=\(limit)&order=\(order)&after=\($0)" }
                }
                #expect(ids == (order == "asc" ? [1, 2, 3, 4, 5] : [5, 4, 3, 2, 1]))
                #expect(count == (5 + limit - 1) / limit)
            }
        }
    }

    private static let wrongParameters = [
        ("changes?brnch=main", "brnch"), ("changes?limit=0", "limit"), ("changes?limit=201", "limit"), ("changes?order=up", "order"),
        ("changes?after=7", "after"), ("changes?after=p0", "after"), ("changes?after=p-1", "after"),
        ("changes?after=pzzzzzzzzzzzzzzzzzz", "after"),
        ("changes?branch=a&branch=b", "branch"), ("buildsets?outcome=great", "outcome"), ("buildsets?change=x", "change"),
        ("buildsets?finished=perhaps", "finished"), ("requests?phase=done", "phase"), ("requests?buildset=0", "buildset"),
        ("builds?worker=a&colour=b", "colour"), ("builds?since=yesterday", "since"), ("changes?until=", "until"), ("builds?follow", "follow"),
        ("builds?after=P1", "after"), ("builds?after=p01", "after"), ("buildsets?finished=", "finished"), ("builds?request=-1", "request"),
        ("builders?limit=1", "limit"), ("workers?name=w1", "name"),
        ("schedulers?order=asc", "order"), ("sources?x=1", "x"), ("events?branch=main", "branch"), ("events?follow=perhaps", "follow"),
        ("events?since=yesterday", "since"), ("events?key=", "key"),
    ]

    @Test("A parameter that is unknown or wrong is refused by name, not taken for no filter")
    func refused() async throws {
        try await WebRig.with { rig in
            for (path, name) in Self.wrongParameters {
                let response = try await rig.get("/api/v1/" + path)
                #expect(response.status == .badRequest, "\(path)")
                let detail = try WebRig.problem(response).detail
                #expect(detail?.hasPrefix("\(name):") == true, "\(path): \(detail ?? "")")
            }
        }
    }

    @Test("What is not there is a problem, whatever the id looks like", arguments: ["changes", "buildsets", "requests", "builds"])
    func missing(kind: String) async throws {
        try await WebRig.with { rig in
            for id in ["99", "0", "-1", "abc", "9223372036854775808", "%00", "..%2f1", "1%20"] {
                let response = try await rig.get("/api/v1/\(kind)/\(id)")
                #expect(response.status == .notFound, "\(id)")
                #expect(try WebRig.problem(response).status == 404)
            }
        }
    }

    private static let missingPaths = [
        "builders/none", "workers/none", "schedulers/none", "sources/none", "requests/99/why", "builds/99/logs/1-unit",
        "builds/1/logs/..%2f..%2fx",
        "nothing", "builds/1/nothing",
    ]

    @Test("A named thing that is not there is a problem too")
    func missingNames() async throws {
        try await WebRig.with { rig in
            for path in Self.missingPaths {
                let response = try await rig.get("/api/v1/" + path)
                #expect(response.status == .notFound, "\(path)")
                #expect(try WebRig.problem(response).status == 404)
            }
        }
    }

    @Test("A build's document has everything about it in one call")
    func buildDocument() async throws {
        try await WebRig.with { rig in
            var force = Samples.force()
            force.properties = ["level": "high"]
            let receipt = try await rig.store.force(force, idempotency: nil)
            let worker = try await WorkerDouble(rig.store, "w1")
            let build = try #require(try await worker.claim().first)
            try await worker.accept([build])
            try await worker.tell(build, .stepStarted(StepStart(number: 1)), key: "s")
            try await worker.append(build, at: 0, Array("hi".utf8))
            let document = try await rig.object("/api/v1/builds/\(build.build)")
            #expect(document["worker"] == "w1" && document["builder"] == "test" && document["phase"] == "running")
            #expect(document["chain"].text == receipt.chain.rawValue)
            #expect(document["stamp"]["revision"] == "1" && document["stamp"]["repository"].text == Samples.repository)
            #expect(document["properties"]["level"]["value"] == "high")
            #expect(document["steps"].items.map { $0["name"].text } == ["unit"])
            #expect(document["logs"].items.map { $0["link"].text } == ["/api/v1/builds/\(build.build)/logs/1-unit"])
            #expect(document["logs"].items.first?["size"] == 2)
        }
    }

    @Test("Builders, schedulers, sources and workers are listed and found by name")
    func named() async throws {
        try await world { rig in
            for (kind, names) in [("builders", ["test", "docs"]), ("schedulers", ["commits"]), ("sources", ["repo"]), ("workers", ["w1", "w2"])] {
                let found = try await rig.object("/api/v1/\(kind)")["items"].items.compactMap { $0["name"].text }
                #expect(Set(found) == Set(names))
                for name in names {
                    let one = try await rig.object("/api/v1/\(kind)/\(name)")["name"].text
                    #expect(one == name)
                }
            }
            let docs = try await rig.object("/api/v1/builders/docs")
            #expect(docs["pending"] == 2 && docs["claimed"] == 0)
        }
    }

    private static let otherwise = [
        ("/api/v1/builds", HTTPRequest.Method.post, "GET, HEAD, OPTIONS"), ("/api/v1/builds/1", .delete, "GET, HEAD, OPTIONS"),
        ("/api/v1/builds/1/cancel", .get, "OPTIONS, POST"), ("/api/v1/requests/1/priority", .put, "OPTIONS, POST"),
        ("/", .patch, "GET, HEAD, OPTIONS"), ("/api/v1/events", .post, "GET, HEAD, OPTIONS"),
    ]

    @Test("A method that a path does not have is 405 and names those that it has")
    func otherMethods() async throws {
        try await WebRig.with { rig in
            for (path, method, allowed) in Self.otherwise {
                let response = try await rig.client.executeRequest(uri: path, method: method, headers: WebRig.json, body: nil)
                #expect(response.status == .methodNotAllowed)
                #expect(response.headers[.allow] == allowed)
                #expect(try WebRig.problem(response).status == 405)
                let options = try await rig.client.executeRequest(uri: path, method: .options, headers: [:], body: nil)
                #expect(options.status == .noContent && options.headers[.allow] == allowed)
            }
        }
    }

    @Test(
        "What can be read can be asked about: the same headers, and no body",
        arguments: ["/api/v1/builds", "/", "/api/v1/builds/99", "/api/v1/events"])
    func head(path: String) async throws {
        try await WebRig.with { rig in
            let head = try await rig.client.executeRequest(uri: path, method: .head, headers: [:], body: nil)
            #expect(head.body.readableBytes == 0)
            #expect(head.status == (path.hasSuffix("99") ? .notFound : .ok))
            #expect(head.headers[.contentType] != nil)
        }
    }
}
