import Domain
import HTTPTypes
import Storage
import StoreConformance
import TestSupport
import Testing

@testable import Web

@Suite(.timeLimit(.minutes(10))) struct SubscriberTests {
    private static let hooks = [
        Webhook(name: "dashboard", url: "https://hooks.example.org/x?key=hidden", keys: ["build.#"], secrets: [.file("/etc/hidden.key")]),
        Webhook(name: "fresh", url: "https://fresh.example.org", secrets: [.environment("HIDDEN")]),
    ]

    /// A subscriber with three sendings: one sent, one that waits, one given up.
    static func fill(_ rig: WebRig, _ name: String = "dashboard") async throws {
        let found = try await rig.store.lead(subscribers: [name], as: "one", for: .seconds(30))
        let term = try #require(found.answers[name]?.term)
        _ = try await rig.store.accept((1...3).map { Samples.change(String($0)) }, advancing: nil)
        let events = try await rig.store.everyEvent().suffix(3)
        let sendings = zip(events, [SendingOutcome.sent, .waiting, .givenUp]).map { event, outcome in
            Sending(
                event: event, outcome: outcome, attempts: 1, first: found.now, last: found.now, next: outcome == .waiting ? found.now : nil,
                status: outcome == .sent ? 200 : 500, reason: outcome == .sent ? "" : "answers 500")
        }
        let settlement = SubscriberSettlement(
            term: term, cursor: try #require(events.last).cursor, sendings: sendings, failures: 2, failingSince: found.now, error: "answers 500")
        let isDone = try await rig.store.settle(settlement)
        #expect(isDone)
    }

    @Test("Subscribers are told with their state, and without what is secret of them")
    func list() async throws {
        try await WebRig.with(webhooks: Self.hooks) { rig in
            try await Self.fill(rig)
            let response = try await rig.get("/api/v1/subscribers")
            let text = String(buffer: response.body)
            #expect(!text.contains("hidden") && !text.contains("HIDDEN"))
            let items = try await rig.object("/api/v1/subscribers")["items"].items
            #expect(items.map { $0["name"] } == ["dashboard", "fresh"])
            #expect(items.map { $0["state"] } == ["failing", "new"])
            let one = try await rig.object("/api/v1/subscribers/dashboard")
            #expect(one["url"] == "https://hooks.example.org/x" && one["kind"] == "webhook" && one["error"] == "answers 500")
            #expect(one["sent"] == 1 && one["waiting"] == 1 && one["given_up"] == 1 && one["failed"] == 2 && one["lag"] == 0)
            #expect(try await rig.get("/api/v1/subscribers/nobody").status == .notFound)
        }
    }

    @Test("What was sent is listed by outcome and in pages, and can be sent again")
    func sendings() async throws {
        try await WebRig.with(webhooks: Self.hooks) { rig in
            try await Self.fill(rig)
            let path = "/api/v1/subscribers/dashboard/sendings"
            #expect(try await rig.ids(path) == [3, 2, 1])
            #expect(try await rig.ids(path + "?outcome=given_up") == [3])
            let first = try await rig.object(path + "?limit=2")
            let next = try #require(first["next"].text)
            #expect(try await rig.ids(path + "?limit=2&after=\(next)") == [1])
            let item = try #require(try await rig.object(path + "?outcome=waiting")["items"].items.first)
            #expect(item["event"] == "change.received" && item["attempts"] == 1 && item["status"] == 500 && item["reason"] == "answers 500")
            #expect(try await rig.get(path + "?outcome=lost").status == .badRequest)
            #expect(try await rig.get(path + "?state=lost").status == .badRequest)
            let rung = Flag()
            let subscription = rig.bell.listen(to: .outgoing) { rung.raise() }
            let again = try await rig.post(path + "/3/send")
            #expect(again.status == .ok && rung.isRaised)
            subscription.cancel()
            #expect(try await rig.ids(path + "?outcome=waiting") == [3, 2])
            #expect(try await rig.post(path + "/9/send").status == .notFound)
            #expect(try await rig.post("/api/v1/subscribers/fresh/sendings/3/send").status == .notFound)
            #expect(try await rig.post(path + "/3/send", #"{"now":true}"#).status == .unprocessableContent)
        }
    }

    @Test("The doctor says which subscriber gets nothing, and why")
    func doctor() async throws {
        try await WebRig.with(webhooks: Self.hooks) { rig in
            try await Self.fill(rig)
            let checks = try await rig.object("/api/v1/doctor")["checks"].items
            let dashboard = try #require(checks.first { $0["name"] == "subscriber dashboard" })
            #expect(dashboard["state"] == "warn" && (dashboard["text"].text ?? "").hasSuffix("answers 500"))
            let fresh = try #require(checks.first { $0["name"] == "subscriber fresh" })
            #expect(fresh["state"] == "warn")
        }
    }
}
