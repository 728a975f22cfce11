import Domain
import Storage

/// Values that rules are told with.
public enum Samples {
    public static let repository = "https://example.org/demo.git"

    public static func change(_ revision: String, branch: String = "main", key: String? = nil, files: [String] = []) -> NewChange {
        NewChange(
            source: "repo", project: "demo", repository: repository, branch: branch, revision: revision, author: "Ada <ada@example.org>",
            comments: "Change \(revision)\n\nIn detail.", files: files, dedupeKey: key)
    }

    /// The same at a revision that cannot move: the name of a commit. The number is in hexadecimal digits.
    public static func commit(_ number: String, branch: String = "main", key: String? = nil) -> NewChange {
        change(commitName(number), branch: branch, key: key)
    }

    public static func commitName(_ number: String) -> String {
        String(repeating: "0", count: 40 - number.count) + number
    }

    public static func builder(_ name: String, labels: Labels = [:], attempts: Int = 3, priority: Int = 0) -> Builder {
        Builder(
            name: name, labels: labels, steps: [StepRecipe(name: "unit", action: .run(.shell("true")))], attempts: attempts, priority: priority)
    }

    /// A configuration with one rule on `main`.
    public static func configuration(
        quiet: Duration? = nil, builders: [Builder] = [builder("test")], uses: [String] = ["test"], filter: ChangeFilter? = nil
    ) -> Configuration {
        Configuration(
            project: "demo",
            schedulers: [
                SchedulerRule(
                    name: "commits", kind: .branch, filter: filter ?? ChangeFilter(branches: [Glob("main")]), quiet: quiet, builders: uses,
                    priority: 10)
            ],
            builders: builders)
    }

    /// A rule that builds the codebases app and lib together; either change starts it.
    public static func codebases(quiet: Duration? = nil, _ change: (inout SchedulerRule) -> Void = { _ in }) -> Configuration {
        var configuration = configuration(quiet: quiet, filter: ChangeFilter())
        configuration.codebases = [
            Codebase(name: "app", repository: repository(of: "app")),
            Codebase(name: "lib", repository: repository(of: "lib"), branch: "stable", path: "deps/lib"),
        ]
        configuration.schedulers[0].kind = .anyBranch
        configuration.schedulers[0].codebases = ["app", "lib"]
        change(&configuration.schedulers[0])
        return configuration
    }

    public static func repository(of codebase: String) -> String { "https://example.org/\(codebase).git" }

    /// A change on the branch that the codebase is built at by default, or on another.
    public static func change(_ revision: String, of codebase: String, branch: String? = nil) -> NewChange {
        var change = change(revision, branch: branch ?? (codebase == "lib" ? "stable" : "main"), key: "\(codebase) \(revision)")
        change.repository = repository(of: codebase)
        return change
    }

    public static func commit(_ number: String, of codebase: String) -> NewChange {
        change(commitName(number), of: codebase)
    }

    /// A configuration whose one builder has a limit and a lock.
    public static var bounded: Configuration {
        var builder = builder("test")
        builder.limit = 2
        builder.locks = [LockUse("db", .counting)]
        var configuration = configuration(builders: [builder])
        configuration.locks = [Lock(name: "db", count: 2)]
        return configuration
    }

    /// A digest that tells configurations apart.
    public static func digest(_ number: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: 64 - digits.count) + digits
    }

    public static func force(_ builder: String = "test", branch: String = "main", revision: String? = "1", priority: Int = 0) -> ForceRequest {
        ForceRequest(
            builder: builder, project: "demo", repository: repository, branch: branch, revision: revision, reason: "by hand", priority: priority)
    }

    public static func key(_ key: String, body: Int = 1) -> IdempotencyKey {
        IdempotencyKey(principal: "local", route: "force", key: key, bodyHash: digest(body))
    }
}
