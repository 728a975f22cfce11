import Domain
import Testing

@Suite struct CodebaseTests {
    private static let start = Timestamp(microseconds: 1_800_000_000_000_000)
    private static let app = Codebase(name: "app", repository: "/app")
    private static let lib = Codebase(name: "lib", repository: "/lib", branch: "stable")

    private func planner(quiet: Duration? = nil) -> Planner {
        let rule = SchedulerRule(name: "both", kind: .anyBranch, quiet: quiet, builders: ["test"], codebases: ["app", "lib"])
        return Planner(configuration: Configuration(project: "demo", codebases: [Self.app, Self.lib], schedulers: [rule]))
    }

    private func change(_ id: Int64, _ repository: String, _ branch: String, untrusted: Bool = false) -> Change {
        Change(
            id: ChangeID(id), chain: ChainID("chain-\(id)"), accepted: Self.start.advanced(by: .seconds(id)),
            content: NewChange(
                project: "p", repository: repository, branch: branch, revision: "r\(id)",
                properties: untrusted ? [PullProperty.untrusted: true] : [:]))
    }

    @Test("The main stamp is that of the first codebase, whichever changed; the others are asked for as of the change")
    func stamps() throws {
        let made = planner().plan(changes: [change(4, "/lib", "stable")], quiet: [:]).buildsets
        let plan = try #require(made.first)
        #expect(plan.stamp == SourceStamp(project: "demo", repository: "/app", branch: "main", revision: nil, codebase: "app"))
        #expect(plan.further == [SourceStamp(project: "p", repository: "/lib", branch: "stable", revision: "r4", codebase: "lib")])
        #expect(plan.openKeys == [LatestKey(repository: "/app", branch: "main", upTo: ChangeID(4))])
        let filled = plan.filled(from: [plan.openKeys[0]: LatestChange(project: "p", revision: "r2")])
        #expect(filled.stamp.revision == "r2" && filled.further == plan.further && filled.openKeys.isEmpty)
        #expect(plan.filled(from: [:]) == plan)
    }

    @Test("A buildset of one repository asks for nothing, and says of no line")
    func single() {
        let rule = SchedulerRule(name: "one", kind: .anyBranch, builders: ["test"])
        let planner = Planner(configuration: Configuration(project: "demo", codebases: [Self.app], schedulers: [rule]))
        let plan = planner.plan(changes: [change(1, "/app", "main")], quiet: [:]).buildsets[0]
        #expect(plan.openKeys.isEmpty && plan.further.isEmpty && plan.stamps.line == nil && plan.stamp.codebase.isEmpty)
    }

    @Test("Default branches wait together; another branch waits by itself")
    func quiet() {
        let planner = planner(quiet: .seconds(5))
        let keys = { (change: Change) in planner.quietKeys(for: [change]) }
        #expect(keys(change(1, "/app", "main")) == keys(change(2, "/lib", "stable")))
        #expect(keys(change(1, "/app", "main")) != keys(change(2, "/lib", "main")))
        #expect(keys(change(1, "/app", "topic")) != keys(change(2, "/lib", "topic")))
        #expect(keys(change(1, "/other", "main")).isEmpty)
    }

    @Test("What waited for a rule that has got other codebases since is let go")
    func firesNothing() {
        let time = QuietTime(key: QuietKey(scheduler: "both", repository: "/x", branch: "main"), generation: 0, fires: Self.start, changes: [])
        #expect(planner().fire(time, changes: [change(1, "/x", "main")]) == nil)
        #expect(planner().fire(time, changes: [change(1, "/x", "main"), change(2, "/lib", "stable")])?.further.first?.revision == "r2")
    }

    @Test("A trusted change does not hide one of another repository that is not")
    func untrusted() {
        let time = QuietTime(key: QuietKey(scheduler: "both", repository: "/app", branch: "main"), generation: 0, fires: Self.start, changes: [])
        let plan = planner().fire(time, changes: [change(1, "/app", "main", untrusted: true), change(2, "/lib", "stable")])
        #expect(plan?.properties[PullProperty.untrusted]?.value == true)
    }

    @Test("A line is made of every branch, in whatever order, and no words make another's")
    func lines() {
        func stamp(_ codebase: String, _ branch: String) -> SourceStamp {
            SourceStamp(project: "p", repository: "/r", branch: branch, revision: nil, codebase: codebase)
        }
        #expect([stamp("a", "x"), stamp("b", "y")].line == [stamp("b", "y"), stamp("a", "x")].line)
        #expect([stamp("a", "x"), stamp("b", "y")].line != [stamp("a", "y"), stamp("b", "x")].line)
        #expect([stamp("a", "x2:/r1:b")].line != [stamp("a", "x"), stamp("b", "b")].line)
    }

    @Test("Why a change is of no interest is said with the codebases of the rule")
    func verdict() {
        let outcome = planner().verdicts(on: change(1, "/other", "main")).map(\.outcome)
        #expect(outcome == [.ignored("it is of none of the rule's codebases: app (/app), lib (/lib)")])
    }

    /// The buildsets of a history, planned in batches of at most so many, each filled from what was accepted before it.
    private func build(_ history: [Change], _ planner: Planner, most: Int) -> [PlannedBuildset] {
        stride(from: 0, to: history.count, by: most).flatMap { first in
            planner.plan(changes: Array(history[first..<min(first + most, history.count)]), quiet: [:]).buildsets.map { plan in
                let latest = plan.openKeys.reduce(into: [LatestKey: LatestChange]()) { latest, key in
                    let found = history.last { $0.content.repository == key.repository && $0.content.branch == key.branch && $0.id <= key.upTo }
                    latest[key] = found.map { LatestChange(project: $0.content.project, revision: $0.content.revision) }
                }
                return plan.filled(from: latest)
            }
        }
    }

    @Test("However changes are split into batches, each has one buildset with the newest of each codebase at that time", arguments: 0..<20)
    func batches(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let history = (1...50).map { id in
            change(
                Int64(id), ["/app", "/lib"].randomElement(using: &random) ?? "/app",
                ["main", "stable", "topic"].randomElement(using: &random) ?? "main")
        }
        let whole = build(history, planner(), most: 50)
        #expect(whole == build(history, planner(), most: Int.random(in: 1...10, using: &random)))
        for (change, plan) in zip(history, whole) {
            for (stamp, codebase) in zip(plan.stamps, [Self.app, Self.lib]) {
                let branch = change.content.repository == codebase.repository ? change.content.branch : codebase.branch
                let newest = history.last { $0.id <= change.id && $0.content.repository == codebase.repository && $0.content.branch == branch }
                #expect(stamp.branch == branch && stamp.revision == newest?.content.revision)
            }
        }
    }
}

private struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed &+ 1 }

    /// SplitMix64.
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
