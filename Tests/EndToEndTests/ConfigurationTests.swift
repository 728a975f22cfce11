import Foundation
import ProcessSupport
import TestSupport
import Testing

/// A configuration that is planned, applied, looked at and rolled back beside a real `doorbell up`.
@Suite struct ConfigurationTests {
    let directory = TemporaryDirectory()

    private static func configuration(_ schedulers: String, steps: String = "[{run: 'true'}]") -> String {
        """
        project: demo
        schedulers:
        \(schedulers)
        builders:
          - {name: test, steps: \(steps)}
          - {name: lint, steps: [{run: 'true'}]}
        """
    }

    private func deployment() async throws -> (Deployment, RunningProcess) {
        let deployment = try Deployment(directory: directory.file("run"))
        try deployment.write(configuration: Self.configuration("  - {name: commits, kind: branch, branches: [main], builders: [test]}"))
        return (deployment, try await deployment.start())
    }

    /// Another file beside the one that was applied.
    private func file(_ text: String, _ name: String = "other.yaml") throws -> String {
        let path = directory.file(name)
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    private func submit(_ deployment: Deployment, _ revision: String, branch: String) async throws {
        let answer = try await deployment.api.post(
            "/api/v1/changes", ["project": "demo", "repository": "/nowhere", "branch": branch, "revision": revision])
        #expect(answer.status == 201)
    }

    private func json(_ text: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    @Test("What is applied is in the history with who applied it, its difference is shown, and a rollback brings the old one back")
    func history() async throws {
        let (deployment, up) = try await deployment()
        let path = try file(
            Self.configuration(
                """
                  - {name: commits, kind: branch, branches: [main, next], builders: [test]}
                  - {name: nightly, kind: cron, cron: "0 3 * * *", builders: [lint]}
                """, steps: "[{run: make}]"))
        let preview = try await deployment.command("config", "diff", "--file", path)
        #expect(preview.status == 0 && preview.output.contains("+ scheduler nightly\n") && preview.output.contains("~ builder test\n"), "\(preview)")
        #expect(preview.output.contains(#"    ~ /filter/branches: ["main"] → ["main","next"]"#), "\(preview)")
        let applied = try await deployment.command("config", "apply", path, "--by", "ada", "--expect", "1")
        #expect(applied.status == 0 && applied.output == "configuration 2 is in force\n", "\(applied)")
        #expect(try await deployment.command("config", "diff").output == preview.output)
        #expect(try await deployment.command("config", "diff", "--file", path).output == "no difference\n")
        let same = try await deployment.command("config", "diff", "1", "1")
        #expect(same.output == "no difference\n")

        let stale = try await deployment.command("config", "rollback", "1", "--expect", "1")
        #expect(stale.status == 65 && stale.error.contains("revision 2 is in force, not 1"), "\(stale)")
        let back = try await deployment.command("config", "rollback", "1", "--expect", "2")
        #expect(back.status == 0 && back.output == "configuration 3 is in force\n", "\(back)")
        let history = try await deployment.command("config", "history")
        let lines = history.output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        #expect(lines.dropFirst().map(\.first) == ["3", "2", "1"] && lines[1].last == "1" && lines[2].contains("ada"), "\(history)")
        #expect(try await deployment.command("config", "diff", "1", "3").output == "no difference\n")
        #expect(try await deployment.api.all("/api/v1/schedulers").compactMap { $0["name"] as? String } == ["commits"])

        // What is built says under which revision it was planned.
        try await submit(deployment, "1", branch: "main")
        let build = try await deployment.api.poll { try await deployment.api.all("/api/v1/builds?phase=finished").first }
        #expect(build["planned_under"] as? Int == 3 && build["configuration"] as? Int == 3)
        #expect(try await deployment.api.get("/api/v1/buildsets/1").object["configuration"] as? Int == 3)
        #expect(try await deployment.command("build", "1").output.contains("configuration  3\n"))
        up.send(SIGTERM)
        #expect(await up.status() == 0)
    }

    @Test("A plan says what a file would build of the changes that were recorded, and what differs; nothing is applied, and nothing is built")
    func plan() async throws {
        let (deployment, up) = try await deployment()
        for (revision, branch) in [("1", "main"), ("2", "topic"), ("3", "main")] { try await submit(deployment, revision, branch: branch) }
        _ = try await deployment.api.poll { try await deployment.api.all("/api/v1/builds?phase=finished").count == 2 ? true : nil }
        let path = try file(
            Self.configuration(
                """
                  - {name: commits, kind: branch, branches: [main], builders: [test, lint]}
                  - {name: everything, kind: any-branch, builders: [lint]}
                  - {name: nothing, kind: branch, branches: [nowhere], builders: [lint]}
                  - {name: nightly, kind: cron, cron: "0 3 * * *", builders: [lint]}
                """))
        let plan = try await deployment.command("plan", "--config", path, "--since", "1h")
        #expect(plan.status == 0 && plan.output.contains("against revision 1: 3 changes, 1 to 3"), "\(plan)")
        let rows = plan.output.split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
        #expect(rows.contains("commits 2 2 4 2 changes, 2 buildsets, 2 builds") && rows.contains("everything 3 3 3 not there"), "\(plan)")
        #expect(rows.contains("nightly fired by the clock"))
        #expect(rows.contains("warning: scheduler everything takes every one of these changes"))
        #expect(rows.contains("warning: scheduler nothing takes none of these changes"))
        #expect(rows.contains("1 main 1 commits: lint; everything: lint") && rows.contains("2 topic 2 everything: lint"), "\(plan)")

        let bounded = try await deployment.command("plan", "--config", path, "--limit", "2", "--differences", "1")
        #expect(bounded.output.contains("2 changes, 2 to 3; there are older ones") && bounded.output.contains("1 more change is"), "\(bounded)")
        let same = try await deployment.command("plan", "--config", deployment.configurationPath)
        #expect(same.status == 0 && same.output.contains("each change is built as it is now"), "\(same)")
        let one = try json(try await deployment.command("plan", "--config", path, "--change", "2", "--json").output)
        #expect(one["revision"] as? Int == 1 && one["changes"] as? [Int] == [2] && (one["differences"] as? [Any])?.count == 1)
        let given = try file(
            #"[{"project": "demo", "repository": "/r", "branch": "main", "revision": "x"}, {"project": "demo", "repository": "/r", "branch": "b", "revision": "y"}]"#,
            "changes.json")
        let two = try await deployment.command("plan", "--config", path, "--change", given, "--change", "3")
        #expect(two.status == 0 && two.output.contains("3 changes, 3 to -2") && two.output.contains("-2      b"), "\(two)")
        let wrong = try await deployment.command("plan", "--config", path, "--change", try file(#"{"project": "demo"}"#, "wrong.json"))
        #expect(wrong.status == 65 && wrong.error.contains("/repository is missing"), "\(wrong)")
        #expect(try await deployment.command("plan", "--config", path, "--change", "nothing.json").status == 64)
        #expect(try await deployment.command("plan", "--config", path, "--change", "9").status == 65)
        #expect(try await deployment.command("plan", "--config", path, "--since", "soon").status == 64)
        #expect(try await deployment.command("plan", "--config", path, "--since", "1h", "--change", "1").status == 64)

        #expect(try await deployment.api.all("/api/v1/config/revisions").count == 1)
        #expect(try await deployment.api.all("/api/v1/buildsets").count == 2)
        up.send(SIGTERM)
        #expect(await up.status() == 0)
    }
}
