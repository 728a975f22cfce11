import Domain
import Testing

@Suite struct PlannerTests {
    private static let start = Timestamp(microseconds: 1_800_000_000_000_000)

    private func rule(_ name: String = "commits", quiet: Duration? = nil, filter: ChangeFilter = ChangeFilter()) -> SchedulerRule {
        SchedulerRule(name: name, kind: .anyBranch, filter: filter, quiet: quiet, builders: ["test"], priority: 4, properties: ["by": "rule"])
    }

    private func planner(_ rules: SchedulerRule...) -> Planner {
        Planner(configuration: Configuration(project: "demo", schedulers: rules))
    }

    private func change(
        _ id: Int64, at seconds: Int = 0, branch: String = "main", repository: String = "/repo", files: [String] = [],
        properties: [String: JSONValue] = [:]
    ) -> Change {
        Change(
            id: ChangeID(id), chain: ChainID("chain-\(id)"), accepted: Self.start.advanced(by: .seconds(seconds)),
            content: NewChange(
                project: "demo", repository: repository, branch: branch, revision: "r\(id)", files: files, properties: properties))
    }

    private func moment(_ seconds: Int) -> Timestamp { Self.start.advanced(by: .seconds(seconds)) }

    /// What a store keeps of a plan.
    private func keep(_ plan: Plan, in quiet: inout [QuietKey: QuietTime]) {
        for time in plan.quiet {
            var kept = time
            kept.changes = (quiet[time.key]?.changes ?? []) + time.changes
            quiet[time.key] = kept
        }
    }

    private func snapshot(_ quiet: [QuietKey: QuietTime]) -> [QuietKey: QuietTime] {
        quiet.mapValues { QuietTime(key: $0.key, generation: $0.generation, fires: $0.fires, changes: []) }
    }

    private func pull(_ id: Int64, into base: String = "main", untrusted: Bool = false) -> Change {
        var change = change(id, branch: "refs/pull/\(id)/head", properties: ["base_branch": .string(base), "untrusted": .bool(untrusted)])
        change.content.category = PullProperty.category
        return change
    }

    private func built(_ rule: SchedulerRule, _ changes: Change...) -> [ChangeID] {
        planner(rule).plan(changes: changes, quiet: [:]).buildsets.flatMap(\.changes)
    }

    @Test("A pull request is built by rules of its kind, by the branch it goes into, and by those that ask for its category")
    func pulls() {
        let main = ChangeFilter(branches: [Glob("main")])
        let pulls = SchedulerRule(name: "pulls", kind: .pull, filter: main, builders: ["test"])
        #expect(built(pulls, pull(1), pull(2, into: "topic"), change(3)) == [ChangeID(1)])
        #expect(built(SchedulerRule(name: "all", kind: .pull, builders: ["test"]), pull(1), pull(2, into: "topic"), change(3)).count == 2)
        #expect(built(rule(), pull(1), change(2)) == [ChangeID(2)])
        #expect(built(rule(filter: ChangeFilter(categories: [Glob("pull")])), pull(1), change(2)) == [ChangeID(1)])
    }

    @Test("What anybody may have written is built only by a rule that says so")
    func forks() {
        var pulls = SchedulerRule(name: "pulls", kind: .pull, builders: ["test"])
        #expect(built(pulls, pull(1, untrusted: true), pull(2)) == [ChangeID(2)])
        pulls.forks = true
        #expect(built(pulls, pull(1, untrusted: true), pull(2)) == [ChangeID(1), ChangeID(2)])
        #expect(built(rule(filter: ChangeFilter(categories: [Glob("pull")])), pull(1, untrusted: true)).isEmpty)
    }

    @Test("A change that asks to be skipped starts nothing, and rides along with one that does")
    func skipped() {
        var skipped = change(1)
        skipped.content.comments = "Mend the docs [skip ci]"
        #expect(built(rule(), skipped, change(2), change(3, properties: ["skip_ci": true])) == [ChangeID(2)])
        let plan = planner(rule(quiet: .seconds(5))).plan(changes: [skipped, change(2)], quiet: [:])
        #expect(plan.quiet.map(\.changes) == [[ChangeID(1), ChangeID(2)]])
        #expect(planner(rule(quiet: .seconds(5))).plan(changes: [skipped], quiet: [:]).quiet.map(\.fires) == [nil])
    }

    @Test("Without a quiet time each important change makes a buildset at once", arguments: [nil, Duration.zero])
    func immediate(quiet: Duration?) throws {
        let planner = planner(rule(quiet: quiet))
        #expect(planner.quietKeys(for: [change(1)]).isEmpty)
        let plan = planner.plan(changes: [change(1, properties: ["who": "change", "by": "change"]), change(2)], quiet: [:])
        #expect(plan.quiet.isEmpty)
        #expect(plan.buildsets.map(\.trigger) == ["change:1", "change:2"])
        let first = try #require(plan.buildsets.first)
        #expect(first.stamp == SourceStamp(project: "demo", repository: "/repo", branch: "main", revision: "r1"))
        #expect(first.changes == [ChangeID(1)])
        #expect(first.parents == [ChainID("chain-1")])
        #expect(first.builders == ["test"])
        #expect(first.priority == 4)
        #expect(first.properties == ["who": Property("change", source: "change"), "by": Property("rule", source: "scheduler commits")])
    }

    @Test("Every rule decides by itself")
    func rulesAreApart() {
        let planner = planner(
            rule("all"), rule("main", filter: ChangeFilter(branches: [Glob("main")])),
            rule("source", filter: ChangeFilter(files: [Glob("src/**")])), rule("later", quiet: .seconds(5)))
        let plan = planner.plan(changes: [change(1, branch: "topic", files: ["README.md"]), change(2, files: ["src/a"])], quiet: [:])
        #expect(Set(plan.buildsets.map { "\($0.scheduler) \($0.trigger)" }) == ["all change:1", "all change:2", "main change:2", "source change:2"])
        #expect(Set(plan.quiet.map(\.key.branch)) == ["main", "topic"])
        #expect(plan.quiet.allSatisfy { $0.key.scheduler == "later" })
    }

    @Test("Quiet is counted from the acceptance of the last change, and several changes are one buildset that names them all")
    func quietTime() throws {
        let planner = planner(rule(quiet: .seconds(10)))
        let changes = [change(1, at: 0), change(2, at: 4), change(3, at: 7)]
        let plan = planner.plan(changes: changes, quiet: [:])
        #expect(plan.buildsets.isEmpty)
        let time = try #require(plan.quiet.first)
        #expect(plan.quiet.count == 1)
        #expect(time.fires == moment(17))
        #expect(time.changes == changes.map(\.id))
        let buildset = try #require(planner.fire(time, changes: changes))
        #expect(buildset.changes == changes.map(\.id))
        #expect(buildset.parents == changes.map(\.chain))
        #expect(buildset.stamp.revision == "r3")
        #expect(buildset.reason == "3 changes, the last 3")
    }

    @Test("An unimportant change starts nothing, prolongs what waits, and rides along")
    func unimportant() throws {
        let planner = planner(rule(quiet: .seconds(10), filter: ChangeFilter(files: [Glob("src/**")])))
        let alone = planner.plan(changes: [change(1, files: ["README.md"])], quiet: [:])
        #expect(alone.buildsets.isEmpty)
        #expect(alone.quiet.map(\.fires) == [nil])
        #expect(alone.quiet.first?.changes == [ChangeID(1)])
        let started = planner.plan(changes: [change(2, at: 3, files: ["src/a"]), change(3, at: 5, files: ["README.md"])], quiet: [:])
        #expect(started.quiet.first?.fires == moment(15))
        #expect(started.quiet.first?.changes == [ChangeID(2), ChangeID(3)])
        let immediate = self.planner(rule(filter: ChangeFilter(files: [Glob("src/**")])))
        #expect(immediate.plan(changes: [change(1, files: ["README.md"])], quiet: [:]).buildsets.isEmpty)
    }

    @Test("A change that was accepted early and classified late never makes the wait shorter")
    func lateClassification() {
        let planner = planner(rule(quiet: .seconds(10)))
        let key = QuietKey(scheduler: "commits", repository: "/repo", branch: "main")
        let waiting = [key: QuietTime(key: key, generation: 2, fires: moment(30), changes: [])]
        let plan = planner.plan(changes: [change(1, at: 5)], quiet: waiting)
        #expect(plan.quiet == [QuietTime(key: key, generation: 2, fires: moment(30), changes: [ChangeID(1)])])
    }

    @Test("However a batch is split, the same buildsets are made and the same quiet times wait", arguments: 0..<64)
    func splits(mask: Int) {
        let planner = planner(
            rule("now"), rule("later", quiet: .seconds(10), filter: ChangeFilter(files: [Glob("src/**")])), rule("much later", quiet: .seconds(60)))
        let changes = [
            change(1, files: ["README.md"]), change(2, at: 1, branch: "topic", files: ["src/a"]), change(3, at: 2, files: ["src/b"]),
            change(4, at: 3, files: ["docs/x"]), change(5, at: 4, repository: "/other"), change(6, at: 5, branch: "topic", files: ["x"]),
            change(7, at: 6, files: ["src/c", "y"]),
        ]
        let whole = planner.plan(changes: changes, quiet: [:])
        var expected: [QuietKey: QuietTime] = [:]
        keep(whole, in: &expected)

        var batches: [[Change]] = [[]]
        for (place, change) in changes.enumerated() {
            batches[batches.count - 1].append(change)
            if mask >> place & 1 == 1 { batches.append([]) }
        }
        var quiet: [QuietKey: QuietTime] = [:]
        var buildsets: [PlannedBuildset] = []
        for batch in batches {
            let keys = planner.quietKeys(for: batch)
            let plan = planner.plan(changes: batch, quiet: snapshot(quiet).filter { keys.contains($0.key) })
            #expect(Set(plan.quiet.map(\.key)) == keys, "the store locks exactly what the plan touches")
            buildsets += plan.buildsets
            keep(plan, in: &quiet)
        }
        #expect(quiet == expected)
        #expect(Set(buildsets) == Set(whole.buildsets))
        #expect(buildsets.count == whole.buildsets.count)
    }

    @Test("One untrusted change among those that a quiet time gathered is enough, and no property of the rule takes the mark away")
    func distrust() throws {
        var rule = rule(quiet: .seconds(1))
        rule.properties = [PullProperty.untrusted: false, "colour": "blue"]
        let key = QuietKey(scheduler: "commits", repository: "/repo", branch: "main")
        let time = QuietTime(key: key, generation: 0, fires: moment(0), changes: [ChangeID(1), ChangeID(2)])
        let changes = [change(1, properties: [PullProperty.untrusted: true]), change(2, properties: ["colour": "red"])]
        let plan = try #require(planner(rule).fire(time, changes: changes))
        #expect(plan.properties.isUntrusted && plan.properties["colour"]?.value == "blue")
        let trusted = try #require(planner(rule).fire(time, changes: [change(2)]))
        #expect(trusted.properties.isUntrusted == false)
    }

    @Test("A quiet time whose rule is gone, or for which nothing waits, makes nothing")
    func nothingToFire() {
        let key = QuietKey(scheduler: "gone", repository: "/repo", branch: "main")
        let time = QuietTime(key: key, generation: 0, fires: moment(0), changes: [ChangeID(1)])
        #expect(planner(rule()).fire(time, changes: [change(1)]) == nil)
        let known = QuietKey(scheduler: "commits", repository: "/repo", branch: "main")
        #expect(planner(rule()).fire(QuietTime(key: known, generation: 0, fires: moment(0), changes: []), changes: []) == nil)
    }

    @Test("Each firing has a trigger of its own, and no names of a repository and a branch make that of another")
    func triggers() throws {
        let planner = planner(rule(quiet: .seconds(1)))
        func trigger(_ repository: String, _ branch: String, _ generation: Int64) throws -> String {
            let key = QuietKey(scheduler: "commits", repository: repository, branch: branch)
            let time = QuietTime(key: key, generation: generation, fires: moment(0), changes: [ChangeID(1)])
            return try #require(planner.fire(time, changes: [change(1)])).trigger
        }
        let triggers = [
            try trigger("https://host/x", "main", 0), try trigger("https://host/x", "main", 1), try trigger("https", "//host/x:main", 0),
            try trigger("https:", "//host/x:main", 0), try trigger("", "https://host/x:main", 0), try trigger("https://host/x:main", "", 0),
            try trigger("https://host/x", "main:1", 0),
        ]
        #expect(Set(triggers).count == triggers.count)
    }
}
