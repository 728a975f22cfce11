import Domain
import Foundation
import HTTPTypes
import HummingbirdTesting
import NIOCore
import Storage
import StoreConformance
import TestSupport
import Testing
import Wire

@testable import Web

/// The server does what the OpenAPI document says.
@Suite(.timeLimit(.minutes(10))) struct OpenAPITests {
    /// Something of every kind: a change, builds that run and have ended, a log, a delivery, revisions, waiting requests.
    private func world(_ test: @Sendable @escaping (WebRig) async throws -> Void) async throws {
        let forced = {
            var builder = Samples.builder("forced")
            builder.force = ForceRule(parameters: [ForceParameter("level", .number, default: 3)], reason: .required)
            return builder
        }()
        try await WebRig.with([Samples.builder("test"), Samples.builder("docs"), forced]) { rig in
            _ = try await rig.store.accept([Samples.change("1", key: "1", files: ["a"])], advancing: nil)
            var force = Samples.force()
            force.properties = ["level": ["deep", .null, 1]]
            _ = try await rig.store.force(force, idempotency: nil)
            try await rig.force("docs")
            let worker = try await WorkerDouble(rig.store, "w1", slots: 1)
            let builds = try await worker.claim(1)
            try await worker.accept(builds)
            let build = try #require(builds.first)
            try await worker.append(build, at: 0, Array("hello\n".utf8))
            try await worker.finish(build, .failure, cause: .exitStatus)
            _ = try await WorkerDouble(rig.store, "w2", slots: 1).claim()
            try await rig.force("docs", branch: "release", revision: "4")
            var configuration = Samples.configuration(builders: [Samples.builder("test"), forced], uses: ["test", "forced"])
            configuration.sources = [SourceConfiguration(name: "repo", git: "https://example.org/demo.git")]
            configuration.webhooks = [Webhook(name: "hook", url: "https://example.org/hook")]
            try await rig.apply(configuration)
            try await SubscriberTests.fill(rig, "hook")
            _ = try await rig.store.note(
                .first(
                    NewDelivery(source: "forge", name: "d-1", event: "push", headers: ["x-event": "push"], size: 2, body: [0xFF, 0x00]),
                    DeliveryJudgement(.ignored, reason: "nothing new")))
            try await test(rig)
        }
    }

    @Test("Every answer to a read is as it is described, whole and in parts")
    func reads() async throws {
        let forms = try APIForms()
        try await world { rig in
            for operation in APIOperation.all where operation.method == "get" && !operation.path.hasSuffix("z") && operation.path != "/metrics" {
                let names = [
                    "builders": "forced", "workers": "w1", "schedulers": "commits", "sources": "repo", "builds": "1-unit", "subscribers": "hook",
                ]
                let kind = operation.path.split(separator: "/").dropFirst(2).first.map(String.init) ?? ""
                let path = operation.path.replacing("{id}", with: "1").replacing("{name}", with: names[kind] ?? "none")
                var queries = ["", "?colour=red"]
                if operation.queryNames.contains("fields") { queries += ["?fields=nothing", "?fields="] }
                if operation.path == "/api/v1/events" { queries = ["?since=0&follow=0", "?since=0&wait=0s", "?colour=red", "?since=9-0-1-1"] }
                for query in queries {
                    let response = try await rig.get(path + query)
                    let fault = try forms.fault(of: response, "get", operation.path)
                    #expect(fault == nil, "\(path)\(query): \(fault ?? "")")
                    let isWrong = query.contains("colour") || query.hasPrefix("?fields")
                    #expect(response.status == (isWrong ? .badRequest : query.contains("9-0") ? .gone : .ok), "\(path)\(query)")
                }
                if operation.queryNames.contains("fields") {
                    // An entry of the audit has no name.
                    let first = path.hasSuffix("/audit") ? "id" : try #require(try await Self.firstField(rig, path))
                    let part = try await rig.get(path + "?fields=" + first)
                    let fault = try forms.fault(of: part, "get", operation.path)
                    #expect(fault == nil && part.status == .ok, "\(path): \(fault ?? "")")
                }
            }
        }
    }

    /// The name of a field that the document, or the first item of a list, has.
    private static func firstField(_ rig: WebRig, _ path: String) async throws -> String? {
        var document = try await rig.object(path)
        if let item = document["items"].items.first, document["fields"] == .null { document = item }
        guard case .object(let fields) = document else { return nil }
        let name = fields.keys.sorted().first
        // Nothing is on the list.
        return name == "items" ? "name" : name
    }

    @Test("A route takes the query parameters that are described, and no other")
    func parameters() async throws {
        try await WebRig.with { rig in
            for operation in APIOperation.all where operation.method == "get" && !operation.path.hasSuffix("z") && operation.path != "/metrics" {
                let path = operation.path.replacing("{id}", with: "1").replacing("{name}", with: "none")
                let response = try await rig.get(path + "?colour=red")
                // What is not there is not there before anything is said of how it is wanted.
                guard response.status == .badRequest else {
                    Issue.record("\(path): \(response.status)")
                    continue
                }
                let detail = try WebRig.problem(response).detail ?? ""
                let known = detail.split(separator: "known here are ").last.map { $0.split(separator: ", ").map(String.init) } ?? []
                #expect(Set(known) == (operation.queryNames.isEmpty ? ["none"] : operation.queryNames), "\(path)")
            }
        }
    }

    private static let writes: [(path: String, at: String, body: String, status: Int)] = [
        ("/api/v1/builders/{name}/force", "/api/v1/builders/test/force", "{}", 201),
        ("/api/v1/builders/{name}/force", "/api/v1/builders/forced/force", #"{"reason":"why","properties":{"level":4},"priority":null}"#, 201),
        ("/api/v1/builders/{name}/force", "/api/v1/builders/forced/force", "{}", 422),
        ("/api/v1/builders/{name}/force", "/api/v1/builders/none/force", "{}", 404),
        ("/api/v1/try", "/api/v1/try", #"{"builders":["test"],"revision":"1","patch":"YQ=="}"#, 422),
        ("/api/v1/builds/{id}/rebuild", "/api/v1/builds/1/rebuild", #"{"reason":null}"#, 201),
        ("/api/v1/builds/{id}/rebuild", "/api/v1/builds/99/rebuild", "{}", 404),
        ("/api/v1/builds/{id}/cancel", "/api/v1/builds/2/cancel", "{}", 200),
        ("/api/v1/requests/{id}/cancel", "/api/v1/requests/3/cancel", #"{"reason":"no more"}"#, 200),
        ("/api/v1/requests/{id}/priority", "/api/v1/requests/4/priority", #"{"priority":5}"#, 200),
        ("/api/v1/requests/{id}/priority", "/api/v1/requests/4/priority", #"{"priority":5000000}"#, 422),
        ("/api/v1/requests/{id}/priority", "/api/v1/requests/4/priority", "{", 400),
        ("/api/v1/workers/{name}/pause", "/api/v1/workers/w1/pause", "{}", 200),
        ("/api/v1/workers/{name}/resume", "/api/v1/workers/w1/resume", "{}", 200),
        ("/api/v1/workers/{name}/resume", "/api/v1/workers/none/resume", "{}", 404),
        ("/api/v1/deliveries/{id}/redeliver", "/api/v1/deliveries/1/redeliver", "{}", 200),
        ("/api/v1/config", "/api/v1/config", #"{"files":[{"name":"/a","text":"lint"}],"expect":null}"#, 200),
        ("/api/v1/config", "/api/v1/config", #"{"files":[{"name":"/a","text":"other"}],"expect":1}"#, 409),
        ("/api/v1/config/rollback", "/api/v1/config/rollback", #"{"revision":1,"by":"Ada"}"#, 200),
        ("/api/v1/config/rollback", "/api/v1/config/rollback", #"{"revision":99}"#, 404),
        ("/api/v1/config/reload", "/api/v1/config/reload", "{}", 200),
        ("/api/v1/subscribers/{name}/sendings/{id}/send", "/api/v1/subscribers/hook/sendings/1/send", "{}", 200),
        ("/api/v1/subscribers/{name}/sendings/{id}/send", "/api/v1/subscribers/hook/sendings/99/send", "{}", 404),
        ("/api/v1/tokens", "/api/v1/tokens", #"{"name":"ci","role":"submitter","projects":["demo"]}"#, 201),
        ("/api/v1/tokens", "/api/v1/tokens", #"{"name":"","role":"reader"}"#, 422),
        ("/api/v1/tokens/{id}/revoke", "/api/v1/tokens/1/revoke", "{}", 200),
        ("/api/v1/tokens/{id}/revoke", "/api/v1/tokens/99/revoke", "{}", 404),
    ]

    @Test("Every answer to a write is as it is described")
    func writes() async throws {
        let forms = try APIForms()
        try await world { rig in
            for write in Self.writes {
                let response = try await rig.post(write.at, write.body)
                #expect(response.status.code == write.status, "\(write.at) \(write.body): \(String(buffer: response.body))")
                let fault = try forms.fault(of: response, "post", write.path)
                #expect(fault == nil, "\(write.at) \(write.body): \(fault ?? "")")
            }
            // The others belong to the intake; schemathesis judges those.
            let tested = Set(Self.writes.map(\.path))
            let others = APIOperation.all.filter { $0.method == "post" && !tested.contains($0.path) }.map(\.path)
            #expect(others == ["/api/v1/changes", "/hooks/{source}", "/api/v1/sources/{name}/poll"])
        }
    }
}
