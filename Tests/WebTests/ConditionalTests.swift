import Domain
import Foundation
import HTTPTypes
import HummingbirdTesting
import Storage
import StoreConformance
import TestSupport
import Testing
import Wire

@testable import Web

/// What is not sent again, what is sent in part, and what waits for a change.
@Suite(.timeLimit(.minutes(10))) struct ConditionalTests {
    private func known(_ tag: String?) throws -> HTTPFields { [.ifNoneMatch: try #require(tag)] }

    @Test(
        "What the client has is not sent again, until it is another",
        arguments: [
            "builds", "builds/1", "requests", "requests/1", "buildsets/1", "changes", "workers", "workers/w", "builders/test", "config/revisions/1",
        ])
    func notModified(path: String) async throws {
        try await WebRig.with { rig in
            try await rig.force()
            let worker = try await WorkerDouble(rig.store, "w", slots: 2)
            let builds = try await worker.claim(1)
            let first = try await rig.get("/api/v1/\(path)")
            let tag = try #require(first.headers[.eTag])
            #expect(tag.hasPrefix("W/\"") && first.headers[.cacheControl] == "private, no-cache")
            for header in [tag, "\"x\", \(tag)", String(tag.dropFirst(2)), "*"] {
                let again = try await rig.get("/api/v1/\(path)", [.ifNoneMatch: header])
                #expect(again.status == .notModified && again.body.readableBytes == 0 && again.headers[.eTag] == tag, "\(header)")
            }
            let other = try await rig.get("/api/v1/\(path)", [.ifNoneMatch: "\"x\", W/\"y\""])
            #expect(other.status == .ok && other.headers[.eTag] == tag)
            let head = try await rig.client.executeRequest(
                uri: "/api/v1/\(path)", method: .head, headers: [.ifNoneMatch: tag], body: nil)
            #expect(head.status == .notModified)
            guard path.hasPrefix("builds") || path.hasPrefix("requests") else { return }
            try await worker.accept(builds)
            try await worker.finish(try #require(builds.first), .success)
            let changed = try await rig.get("/api/v1/\(path)", [.ifNoneMatch: tag])
            #expect(changed.status == .ok && changed.headers[.eTag] != tag)
        }
    }

    @Test("A closed log is named by its digest; a range of it comes only while the name is right")
    func logs() async throws {
        try await WebRig.with { rig in
            try await rig.force()
            let worker = try await WorkerDouble(rig.store, "w", slots: 1)
            let build = try #require(try await worker.claim(1).first)
            try await worker.accept([build])
            try await worker.append(build, at: 0, Array("hello\n".utf8))
            let path = "/api/v1/builds/1/logs/1-unit"
            let open = try await rig.get(path)
            #expect(open.status == .ok && open.headers[.eTag] == nil)
            try await worker.finish(build, .success, logs: [LogDeclaration.of(Array("hello\n".utf8))])
            let closed = try await rig.get(path)
            let tag = try #require(closed.headers[.eTag])
            #expect(tag.hasPrefix("\"") && String(buffer: closed.body) == "hello\n")
            #expect(try await rig.get(path, [.ifNoneMatch: tag]).status == .notModified)
            let part = try await rig.get(path, [.range: "bytes=1-2", .ifRange: tag])
            #expect(part.status == .partialContent && String(buffer: part.body) == "el")
            let whole = try await rig.get(path, [.range: "bytes=1-2", .ifRange: "\"other\""])
            #expect(whole.status == .ok && String(buffer: whole.body) == "hello\n")
        }
    }

    @Test("Only the fields that are asked for are sent, of documents and of the items of lists, and unknown ones are refused by name")
    func fields() async throws {
        try await WebRig.with { rig in
            try await rig.force()
            try await rig.force("docs")
            #expect(try await rig.object("/api/v1/requests?fields=id,builder&order=asc&limit=1")["items"] == [["id": 1, "builder": "test"]])
            let page = try await rig.get("/api/v1/requests?fields=id&limit=1")
            #expect(page.headers[.contentType] == "application/vnd.doorbell.part+json")
            let next = try #require(try WebRig.object(page)["next"].text)
            #expect(try await rig.ids("/api/v1/requests?fields=id&limit=1&after=\(next)") == [1])
            #expect(try await rig.object("/api/v1/requests/1?fields=phase") == ["phase": "pending"])
            // A field that has nothing to say is absent, here too.
            #expect(try await rig.object("/api/v1/requests/1?fields=outcome,id") == ["id": 1])
            for (wrong, named) in [("colour", "colour"), ("id,,phase", "an empty name"), ("id,Phase", "Phase"), ("", "an empty name")] {
                let response = try await rig.get("/api/v1/requests/1?fields=\(wrong)")
                #expect(response.status == .badRequest)
                #expect(try WebRig.problem(response).detail?.contains("unknown: \(named);") == true, "\(wrong)")
            }
            // The whole and the part are not the same document.
            let whole = try #require(try await rig.get("/api/v1/requests/1").headers[.eTag])
            #expect(try await rig.get("/api/v1/requests/1?fields=id", [.ifNoneMatch: whole]).status == .ok)
        }
    }

    @Test("Who has a document waits for another state of it, and is answered by the event that brings one")
    func waits() async throws {
        try await WebRig.with { rig in
            try await rig.force()
            let worker = try await WorkerDouble(rig.store, "w", slots: 1)
            let build = try #require(try await worker.claim(1).first)
            for path in ["builds/1", "requests/1", "buildsets/1"] { #expect(try await rig.get("/api/v1/\(path)?wait=60s").status == .ok) }
            let tags = try await ["builds/1", "requests/1", "buildsets/1"].asyncMap { path in
                (path, try #require(try await rig.get("/api/v1/\(path)").headers[.eTag]))
            }
            let started = ContinuousClock.now
            let waiting = tags.map { path, tag in Task { try await rig.get("/api/v1/\(path)?wait=60s", [.ifNoneMatch: tag]) } }
            while rig.service.waiters.count < 3 { try await Task.sleep(for: .milliseconds(5)) }
            // Of something else: they go on waiting.
            try await rig.force("docs")
            try await worker.accept([build])
            try await worker.finish(build, .success)
            for task in waiting {
                let response = try await task.value
                #expect(response.status == .ok)
            }
            #expect(ContinuousClock.now - started < .seconds(50))
            #expect(rig.service.waiters.count == 0)
        }
    }

    @Test("A wait ends by itself, and leaves nothing behind; what grows in an open log ends none")
    func waitEnds() async throws {
        try await WebRig.with { rig in
            try await rig.force()
            let worker = try await WorkerDouble(rig.store, "w", slots: 1)
            let build = try #require(try await worker.claim(1).first)
            try await worker.accept([build])
            try await worker.append(build, at: 0, Array("hello\n".utf8))
            let first = try await rig.get("/api/v1/builds/1")
            try await worker.append(build, at: 6, Array("hello\n".utf8))
            let waited = try await rig.get("/api/v1/builds/1?wait=100ms", try known(first.headers[.eTag]))
            #expect(waited.status == .notModified && waited.headers[.eTag] == first.headers[.eTag])
            #expect(try await rig.get("/api/v1/builds/1").body != first.body)
            #expect(rig.service.waiters.count == 0)
            for wrong in ["61s", "1m", "", "s", "-1s", "1", "99999999999999999999s", "1.5s"] {
                let response = try await rig.get("/api/v1/builds/1?wait=\(wrong)")
                #expect(response.status == .badRequest, "\(wrong)")
            }
        }
    }

    @Test("A page of events comes at once where there are some, and else as soon as there is one")
    func eventPages() async throws {
        try await WebRig.with { rig in
            try await rig.force()
            let first = try await rig.object("/api/v1/events?since=0&wait=30s&limit=2")
            #expect(first["items"].items.count == 2)
            var cursor = try #require(first["next"].text)
            var names: [String] = []
            while true {
                let page = try await rig.object("/api/v1/events?since=\(cursor)&wait=0s&limit=1")
                cursor = try #require(page["next"].text)
                guard let event = page["items"].items.first else { break }
                names.append(try #require(event["event"].text))
            }
            #expect(names.contains("request.created"))
            let (since, path) = (cursor, "key=request.%23&wait=60s")
            let waiting = Task { try await rig.object("/api/v1/events?since=\(since)&\(path)") }
            while rig.service.waiters.count < 1 { try await Task.sleep(for: .milliseconds(5)) }
            try await rig.force("docs")
            let page = try await waiting.value
            #expect(page["items"].items.map { $0["event"].text } == ["request.created"])
            let empty = try await rig.object("/api/v1/events?key=worker.%23&wait=50ms&since=\(since)")
            #expect(empty["items"] == [])
            // It has looked further, so that the next one begins there.
            #expect(empty["next"].text != since)
            #expect(rig.service.waiters.count == 0)
        }
    }

    @Test("However many wait for a page of events, what happens is read once for all")
    func pagesReadOnce() async throws {
        func statements(waiters: Int) async throws -> Int {
            let spent = Watched(0)
            try await WebRig.with { rig in
                let since = try #require(try await rig.object("/api/v1/events/latest")["cursor"].text)
                let waiting = (0..<waiters).map { _ in
                    Task { try await rig.object("/api/v1/events?since=\(since)&key=worker.%23&wait=60s") }
                }
                while rig.service.feed.subscriberCount < waiters { try await Task.sleep(for: .milliseconds(5)) }
                let probe = Task { try await rig.object("/api/v1/events?since=\(since)&key=config.%23&wait=60s") }
                while rig.service.waiters.count < waiters + 1 { try await Task.sleep(for: .milliseconds(5)) }
                // All have looked once, and what they looked for is counted before.
                try await Task.sleep(for: .milliseconds(200))
                let before = rig.store.statementCount ?? 0
                for _ in 1...5 { try await rig.force() }
                try await rig.apply(Samples.configuration())
                _ = try await probe.value
                try await Task.sleep(for: .milliseconds(200))
                spent.change { $0 = (rig.store.statementCount ?? 0) - before }
                for task in waiting { task.cancel() }
                _ = try await WorkerDouble(rig.store, "w", slots: 1)
                for task in waiting { _ = try? await task.value }
            }
            return spent.value
        }
        // The feed itself may take more or fewer looks for what comes in a row.
        let (few, many) = (try await statements(waiters: 1), try await statements(waiters: 40))
        #expect(many < few + 40, "\(few) for one, \(many) for forty")
    }

    @Test("A stream with a limit ends with it")
    func limitedStream() async throws {
        try await WebRig.with { rig in
            for _ in 0..<3 { try await rig.force() }
            let text = String(buffer: try await rig.get("/api/v1/events?since=0&limit=3").body)
            #expect(text.split(separator: "\n").count { $0.hasPrefix("id: ") } == 3)
        }
    }
}

extension Array where Element: Sendable {
    fileprivate func asyncMap<Value>(_ transform: (Element) async throws -> Value) async rethrows -> [Value] {
        var values: [Value] = []
        for element in self { values.append(try await transform(element)) }
        return values
    }
}
