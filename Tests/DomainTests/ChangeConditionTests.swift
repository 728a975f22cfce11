import Foundation
import Testing

@testable import Domain

/// What `where` asks of changes.
@Suite struct ChangeConditionTests {
    private static let change = NewChange(
        source: "forge", project: "demo", repository: "https://example.org/r", branch: "release/1.2", revision: "abc",
        author: "Ada <ada@example.org>",
        comments: "Fix it\n\nSigned-off-by: Ada", files: ["src/a.swift", "docs/x.md"], category: "tag", properties: ["urgent": true, "n": 7])

    private func rules(_ texts: String...) throws -> [TextRule] { try texts.map { try TextRule($0) } }

    @Test(
        "Patterns, regular expressions and exceptions",
        arguments: [
            (["release/*"], true), (["main"], false), (["main", "release/*"], true), ([#"~^release/\d+\.\d+$"#], true), ([#"~^\d"#], false),
            (["!main"], true), (["!release/*"], false), (["*", "!~^release"], false), (["release/*", "!release/1.2"], false), (["~(a*)*b"], false),
        ] as [([String], Bool)])
    func words(texts: [String], holds: Bool) throws {
        let condition = ChangeCondition(fields: [.branches: try texts.map { try TextRule($0) }])
        #expect(condition.holds(for: Self.change) == holds)
    }

    @Test("Every field can be asked for", arguments: ChangeCondition.Field.allCases)
    func fields(field: ChangeCondition.Field) throws {
        let right: [ChangeCondition.Field: String] = [
            .sources: "forge", .projects: "demo", .repositories: "https://example.org/*", .branches: "~^rel", .revisions: "abc", .authors: "~ada@",
            .comments: "~(?i)signed-off", .categories: "tag", .files: "src/**",
        ]
        #expect(ChangeCondition(fields: [field: try rules(try #require(right[field]))]).holds(for: Self.change))
        let wrong = ChangeCondition(fields: [field: try rules("~^nothing of it$")])
        let refusal = try #require(wrong.refusal(of: Self.change))
        #expect(refusal.contains("asked for is ~^nothing of it$") && !refusal.contains("\n"))
        // What is not allowed is by that what `not` asks for.
        #expect(ChangeCondition(not: [wrong]).holds(for: Self.change))
    }

    @Test("Properties are compared as they stand in a step; one that is not there is allowed by nothing")
    func properties() throws {
        #expect(ChangeCondition(properties: ["urgent": try rules("true"), "n": try rules("7")]).holds(for: Self.change))
        #expect(ChangeCondition(properties: ["n": try rules("8")]).refusal(of: Self.change) == "property n is \"7\", asked for is 8")
        #expect(ChangeCondition(properties: ["x": try rules("!y")]).refusal(of: Self.change) == "it has no property x")
    }

    @Test("A change that names no files may touch any of them")
    func noFiles() throws {
        var change = Self.change
        change.files = []
        #expect(ChangeCondition(fields: [.files: try rules("lib/**")]).holds(for: change))
        #expect(!ChangeCondition(fields: [.files: try rules("lib/**")]).holds(for: Self.change))
    }

    @Test("All, any and not are combined as they are written, and a refusal says which part refused")
    func combined() throws {
        let main = ChangeCondition(fields: [.branches: try rules("main")])
        let tag = ChangeCondition(fields: [.categories: try rules("tag")])
        #expect(ChangeCondition(any: [main, tag]).holds(for: Self.change))
        #expect(!ChangeCondition(all: [main, tag]).holds(for: Self.change))
        #expect(ChangeCondition(all: [tag], not: [main]).holds(for: Self.change))
        #expect(ChangeCondition(not: [ChangeCondition(all: [main, tag])]).holds(for: Self.change))
        let said = ChangeCondition(any: [main, ChangeCondition(not: [tag])]).refusal(of: Self.change)
        #expect(
            said
                == "none of \"any\" holds: branch \"release/1.2\", asked for is main; or: what \"not\" excludes holds: categories tag")
    }

    @Test("Conditions within each other cost no more than they are long")
    func deep() throws {
        var condition = ChangeCondition(fields: [.branches: try rules("main")])
        for _ in 0..<40 { condition = ChangeCondition(any: [condition]) }
        #expect(!condition.holds(for: Self.change))
        #expect(condition.refusal(of: Self.change)?.contains("asked for is main") == true)
    }

    @Test("A condition survives its way into the store and back; a bad expression in it is refused")
    func stored() throws {
        let condition = ChangeCondition(
            fields: [.branches: try rules("~^a", "!b")], properties: ["p": try rules("c")], any: [ChangeCondition(fields: [.files: try rules("d")])])
        #expect(try JSONDecoder().decode(ChangeCondition.self, from: JSONEncoder().encode(condition)) == condition)
        #expect(throws: DecodingError.self) { try JSONDecoder().decode([TextRule].self, from: Data(#"["~("]"#.utf8)) }
    }

    @Test("A rule ignores a change exactly when it says why")
    func verdictsAgree() throws {
        let rules = [
            SchedulerRule(name: "main", kind: .branch, filter: ChangeFilter(branches: [Glob("main")]), builders: ["b"]),
            SchedulerRule(
                name: "where", kind: .anyBranch, filter: ChangeFilter(condition: ChangeCondition(fields: [.authors: try self.rules("~ada")])),
                builders: ["b"]),
            SchedulerRule(name: "files", kind: .anyBranch, filter: ChangeFilter(files: [Glob("src/**")]), builders: ["b"]),
            SchedulerRule(name: "pulls", kind: .pull, builders: ["b"]),
            SchedulerRule(name: "forks", kind: .pull, builders: ["b"], forks: true),
            SchedulerRule(name: "quiet", kind: .anyBranch, quiet: .seconds(5), builders: ["b"]),
            SchedulerRule(name: "tags", kind: .anyBranch, filter: ChangeFilter(categories: [Glob("tag"), Glob("pull")]), builders: ["b"]),
            SchedulerRule(name: "clock", kind: .periodic, builders: ["b"], schedule: Schedule(timing: .every(.seconds(60)))),
        ]
        let planner = Planner(configuration: Configuration(project: "demo", schedulers: rules))
        var seen: Set<String> = []
        for branch in ["main", "topic"] {
            for author in ["ada", "bob"] {
                for category in ["", "tag", "pull"] {
                    for isUntrusted in [false, true] {
                        for (files, comments) in [(["src/a"], ""), (["docs/a"], ""), ([], "[skip ci]")] {
                            var content = NewChange(
                                project: "demo", repository: "r", branch: branch, revision: "1", author: author, comments: comments, files: files,
                                category: category)
                            if isUntrusted { content.properties[PullProperty.untrusted] = true }
                            if category == "pull" { content.properties[PullProperty.baseBranch] = .string(branch) }
                            let change = Change(id: ChangeID(1), chain: .random(), accepted: Timestamp(seconds: 0), content: content)
                            let plan = planner.plan(changes: [change], quiet: [:])
                            let started = Set(plan.buildsets.map(\.scheduler)).union(plan.quiet.filter { $0.fires != nil }.map(\.key.scheduler))
                            for verdict in planner.verdicts(on: change) {
                                switch verdict.outcome {
                                case .taken: #expect(started.contains(verdict.scheduler))
                                case .ridesAlong(let why), .ignored(let why):
                                    #expect(!started.contains(verdict.scheduler) && !why.isEmpty)
                                    #expect(why != "its filter does not want it")
                                    seen.insert(why)
                                }
                            }
                        }
                    }
                }
            }
        }
        #expect(seen.count >= 8)
    }
}
