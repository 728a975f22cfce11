import Domain
import Testing

@Suite struct PlanReplayTests {
    private static let start = Timestamp(microseconds: 1_800_000_000_000_000)

    private func change(_ id: Int64, at seconds: Int, branch: String = "main", files: [String] = []) -> Change {
        Change(
            id: ChangeID(id), chain: ChainID("chain-\(id)"), accepted: Self.start.advanced(by: .seconds(seconds)),
            content: NewChange(project: "demo", repository: "/repo", branch: branch, revision: "r\(id)", files: files))
    }

    private func rule(_ name: String, quiet: Int = 0, branches: [String] = [], builders: String...) -> SchedulerRule {
        SchedulerRule(
            name: name, kind: .anyBranch, filter: ChangeFilter(branches: branches.map { Glob($0) }), quiet: .seconds(quiet), builders: builders)
    }

    private func configuration(_ rules: SchedulerRule...) -> Configuration { Configuration(project: "demo", schedulers: rules) }

    private func ids(_ buildsets: [PlannedBuildset]) -> [[Int64]] { buildsets.map { $0.changes.map(\.rawValue) } }

    @Test("Quiet times end between the changes as they would have ended, and what is left of them at the end is built")
    func quiet() {
        let rule = rule("commits", quiet: 10, builders: "test")
        let changes = [change(1, at: 0), change(2, at: 5), change(3, at: 15), change(4, at: 26), change(5, at: 27, branch: "other")]
        let replay = PlanReplay(configuration(rule), changes: changes)
        // The third comes at the very moment and belongs to it; the fourth comes after.
        #expect(ids(replay.buildsets) == [[1, 2, 3], [4], [5]])
        #expect(Set(replay.buildsets.map(\.trigger)).count == 3)
        #expect(replay.tallies == ["commits": .init(changes: 5, buildsets: 3, builds: 3)])
    }

    @Test("A batch makes what the planner makes of its changes one after another")
    func likeThePlanner() {
        let rule = rule("commits", branches: ["main"], builders: "test", "lint")
        let changes = [change(1, at: 0), change(2, at: 0, branch: "topic"), change(3, at: 1)]
        let replay = PlanReplay(configuration(rule), changes: changes)
        #expect(replay.buildsets == replay.planner.plan(changes: changes, quiet: [:]).buildsets)
        #expect(replay.tallies == ["commits": .init(changes: 2, buildsets: 2, builds: 4)])
    }

    @Test("Rules of the clock have no tally")
    func clock() {
        var nightly = rule("nightly", builders: "test")
        nightly.kind = .periodic
        nightly.schedule = Schedule(timing: .every(.seconds(60)))
        #expect(PlanReplay(configuration(nightly), changes: [change(1, at: 0)]).tallies.isEmpty)
        let comparison = PlanComparison(from: configuration(), to: configuration(nightly), changes: [change(1, at: 0), change(2, at: 0)])
        #expect(comparison.rules.map(\.firedBy) == [.clock] && comparison.matchNothing.isEmpty)
    }

    @Test("What follows others is counted as if those had succeeded, to the end of the line, and follows no circle for ever")
    func followers() {
        func follower(_ name: String, of others: String..., outcomes: Set<Outcome> = Need.usual) -> SchedulerRule {
            SchedulerRule(name: name, kind: .dependent, builders: [name], follows: Dependence(schedulers: others, outcomes: outcomes))
        }
        let rules = configuration(
            rule("commits", quiet: 10, builders: "test"), rule("also", branches: ["main"], builders: "test"),
            follower("second", of: "commits", "also"),
            follower("third", of: "second"), follower("mourner", of: "commits", outcomes: [.failure]), follower("left", of: "right"),
            follower("right", of: "left", "commits"))
        let changes = [change(1, at: 0), change(2, at: 1), change(3, at: 1, branch: "topic")]
        let replay = PlanReplay(rules, changes: changes)
        // Two of `commits`, two of `also`: `second` follows each, by three different changes.
        #expect(replay.tallies["second"] == .init(changes: 3, buildsets: 4, builds: 4) && replay.tallies["third"] == replay.tallies["second"])
        #expect(replay.tallies["mourner"] == .init())
        let comparison = PlanComparison(from: configuration(), to: rules, changes: changes)
        #expect(comparison.rules.map(\.firedBy).filter { $0 == .buildsets }.count == 5 && comparison.matchNothing.isEmpty)
        #expect(comparison.matchEverything == ["commits"])
    }

    @Test("Differences are told by the change that is built, in both directions, and only where there are any")
    func differences() {
        let old = configuration(rule("commits", branches: ["main"], builders: "test", "old"), rule("gone", branches: ["topic"], builders: "test"))
        let new = configuration(rule("commits", branches: ["main"], builders: "test", "lint"), rule("all", builders: "docs"))
        let changes = [change(1, at: 0), change(2, at: 1, branch: "topic")]
        let comparison = PlanComparison(from: old, to: new, changes: changes)
        typealias Difference = PlanComparison.Difference
        #expect(
            comparison.differences == [
                Difference(
                    change: ChangeID(1), added: [.init(scheduler: "all", builders: ["docs"]), .init(scheduler: "commits", builders: ["lint"])],
                    removed: [.init(scheduler: "commits", builders: ["old"])]),
                Difference(
                    change: ChangeID(2), added: [.init(scheduler: "all", builders: ["docs"])],
                    removed: [.init(scheduler: "gone", builders: ["test"])]),
            ])
        #expect(comparison.rules.map(\.name) == ["commits", "all", "gone"])
        #expect(comparison.rules.map { $0.before?.builds } == [2, nil, 1] && comparison.rules.map { $0.after?.builds } == [2, 2, nil])
        #expect(PlanComparison(from: new, to: new, changes: changes).differences.isEmpty)
    }

    @Test("Rules that take everything or nothing are named, unless one change is all there is")
    func blind() {
        let new = configuration(
            rule("all", builders: "a"), rule("none", branches: ["x"], builders: "a"), rule("some", branches: ["main"], builders: "a"))
        let changes = [change(1, at: 0), change(2, at: 1, branch: "topic")]
        let comparison = PlanComparison(from: configuration(), to: new, changes: changes)
        #expect(comparison.matchEverything == ["all"] && comparison.matchNothing == ["none"])
        let single = PlanComparison(from: configuration(), to: new, changes: [changes[0]])
        #expect(single.matchEverything.isEmpty && single.matchNothing.isEmpty)
    }
}
