import Domain
import Storage
import StoreConformance
import TestSupport
import Testing

@testable import Web

/// What is told of requests that wait for the same.
@Suite(.timeLimit(.minutes(10))) struct SameTests {
    private static let rules = ["each", "other"].map { SchedulerRule(name: $0, kind: .anyBranch, builders: ["test"]) }

    private static func push(_ rig: WebRig, _ change: NewChange = Samples.commit("1", branch: "topic")) async throws {
        _ = try await rig.store.accept([change], advancing: nil)
        _ = try await rig.store.classify(limit: 10, planner: Planner(configuration: Samples.configuration()))
    }

    private static func reasons(_ rig: WebRig, _ request: Int64) async throws -> [String] {
        try await rig.object("/api/v1/requests/\(request)/why")["reasons"].items.map { "\($0["code"].text ?? ""): \($0["text"].text ?? "")" }
    }

    private static func rides(on request: Int64) -> String {
        "same: request \(request) asks for the same and comes first: one build will answer both (`doorbell why \(request)` tells what that waits for)"
    }

    @Test("One that another's build will answer does not wait for that one's locks and limits")
    func bounds() async throws {
        var builders = [Samples.builder("test"), Samples.builder("hold")]
        builders[0].locks = [LockUse("db")]
        builders[1].locks = [LockUse("db")]
        builders[1].limit = 1
        try await WebRig.with(builders, schedulers: Self.rules, locks: [Lock(name: "db", count: 1)]) { rig in
            try await Self.push(rig)
            let worker = try await WorkerDouble(rig.store, "w1")
            let (free, riding) = (try await Self.reasons(rig, 1), try await Self.reasons(rig, 2))
            #expect(free.map { $0.prefix { $0 != ":" } } == ["same", "next"])
            #expect(riding == [Self.rides(on: 1)])
            try await rig.store.setPriority(RequestID(1), priority: -1)
            let turned = try await Self.reasons(rig, 1)
            #expect(turned == [Self.rides(on: 2)])
            try await rig.store.setPriority(RequestID(1), priority: 1)
            _ = try await rig.store.force(Samples.force("hold", priority: 50), idempotency: nil)
            let build = try #require(try await worker.claim(1).first)
            #expect(build.builder.name == "hold")
            let (held, beside) = (try await Self.reasons(rig, 1), try await Self.reasons(rig, 2))
            #expect(held.count == 2 && held[0].hasPrefix("lock: lock db is held by build 1 of hold"), "\(held)")
            #expect(held.last == "same: request 2 asks for the same: one build will answer both")
            #expect(beside == [Self.rides(on: 1)])
        }
    }

    @Test("The one that has waited too long comes first of its like, whatever the others' priority")
    func overdue() async throws {
        let clock = ManualStoreClock()
        var rules = Self.rules
        rules[0].priority = -5
        let projects = [ProjectRule(name: "demo", longestWait: .seconds(60))]
        try await WebRig.with([Samples.builder("test")], schedulers: rules, projects: projects, clock: clock) { rig in
            try await Self.push(rig)
            _ = try await rig.store.cancelRequest(RequestID(2), reason: "seen")
            clock.advance(by: .seconds(30))
            try await Self.push(rig, Samples.commit("1", branch: "topic", key: "again"))
            _ = try await WorkerDouble(rig.store, "w1")
            let before = try await Self.reasons(rig, 1)
            #expect(before == [Self.rides(on: 4)])
            clock.advance(by: .seconds(31))
            let after = try await Self.reasons(rig, 1)
            #expect(after.map { $0.prefix { $0 != ":" } } == ["longest_wait", "same", "next"], "\(after)")
            let other = try await Self.reasons(rig, 4)
            #expect(other == [Self.rides(on: 1)])
        }
    }
}
