import Domain
import Storage
import StoreConformance
import TestSupport
import Testing

/// `GET /api/v1/changes/{id}/why`.
@Suite struct ChangeWhyTests {
    @Test("Each scheduler says what it made of a change, which filter refused it, and which buildset it is part of")
    func told() async throws {
        let schedulers = [
            SchedulerRule(name: "topics", kind: .branch, filter: ChangeFilter(branches: [Glob("topic/*")]), builders: ["test"]),
            SchedulerRule(name: "calm", kind: .anyBranch, quiet: .seconds(30), builders: ["test"]),
            SchedulerRule(name: "docs", kind: .anyBranch, filter: ChangeFilter(files: [Glob("docs/**")]), builders: ["test"]),
        ]
        try await WebRig.with([Samples.builder("test")], schedulers: schedulers) { rig in
            _ = try await rig.store.accept([Samples.change("1", files: ["src/a"])], advancing: nil)
            let early = try await rig.object("/api/v1/changes/1/why")["schedulers"].items
            #expect(early.map { $0["verdict"].text } == ["waiting", "ignored", "waiting", "rides_along"])
            _ = try await rig.store.classify(limit: 10, planner: Planner(configuration: Configuration(project: "demo")))
            let why = try await rig.object("/api/v1/changes/1/why")
            let schedulers = why["schedulers"].items
            #expect(schedulers.map { $0["verdict"].text } == ["taken", "ignored", "waiting", "rides_along"])
            #expect(schedulers[0]["buildsets"] == .array([.integer(1)]) && schedulers[0]["text"].text == "it is part of buildset 1")
            #expect(schedulers[1]["text"].text == "branch \"main\", asked for is topic/*")
            #expect(schedulers[2]["text"].text == "its branch has to be quiet for 30.0 seconds first")
            let missing = try await rig.get("/api/v1/changes/99/why").status
            #expect(missing == .notFound)
        }
    }
}
