import Domain
import Foundation
import Runtime
import TestSupport
import Testing

@Suite struct ConfigurationLoaderTests {
    @Test("The interface of the design means what it says")
    func designExample() throws {
        let loaded = try ConfigurationSamples.load(
            """
            project: demo
            sources:
              - {name: repo, git: ., branches: ["main", "release/*"], every: 30s}
            schedulers:
              - {name: commits, kind: branch, branches: ["main"], quiet: 5s, builders: [test]}
            builders:
              - name: test
                labels: {os: linux}
                steps:
                  - checkout: {}
                  - {name: unit, run: "swift test", timeout: 20m, env: {CI: "true"}}
            """)
        let configuration = loaded.configuration
        #expect(configuration.project == "demo")
        #expect(
            configuration.sources
                == [SourceConfiguration(name: "repo", git: "/etc/doorbell", branches: [Glob("main"), Glob("release/*")], every: .seconds(30))])
        #expect(
            configuration.schedulers == [
                SchedulerRule(
                    name: "commits", kind: .branch, filter: ChangeFilter(branches: [Glob("main")]), quiet: .seconds(5), builders: ["test"])
            ])
        #expect(
            configuration.builders == [
                Builder(
                    name: "test", labels: ["os": "linux"],
                    steps: [
                        StepRecipe(name: "checkout", action: .checkout(.init())),
                        StepRecipe(name: "unit", action: .run(.shell("swift test")), environment: ["CI": "true"], timeout: .seconds(1200)),
                    ])
            ])
    }

    @Test("A source with a forge takes hooks, and its keys reach the domain")
    func hooks() throws {
        let configuration = try ConfigurationSamples.load(
            """
            project: p
            sources:
              - {name: a, hook: github, secret: {env: SECRET}, branches: [main], tags: ["v*"], commits: tip, address: ssh}
              - {name: b, hook: gitea, unsigned: true}
              - {name: c, git: /srv/c.git}
            schedulers:
              - {name: pulls, kind: pull, branches: [main], forks: true, supersede: running, builders: [b]}
            builders:
              - {name: b, steps: [{run: x}]}
            """
        ).configuration
        #expect(
            configuration.hooks == [
                HookConfiguration(
                    name: "a", forge: .github, secret: .environment("SECRET"), branches: [Glob("main")], tags: [Glob("v*")], commits: .tip,
                    address: .ssh), HookConfiguration(name: "b", forge: .gitea),
            ])
        #expect(configuration.sources.map(\.name) == ["c"])
        #expect(configuration.schedulers.map(\.kind) == [.pull] && configuration.schedulers.map(\.forks) == [true])
        #expect(configuration.schedulers.map(\.supersede) == [.running])
        let stored = try JSONDecoder().decode(Configuration.self, from: JSONEncoder().encode(configuration))
        #expect(stored == configuration)
    }

    @Test("Sources that tell of one repository are one group, named after its root, and each may be of a project of its own")
    func mirrors() throws {
        let configuration = try ConfigurationSamples.load(
            """
            project: p
            sources:
              - {name: alone, git: /srv/c.git}
              - {name: feed, amqp: own, preset: doorbell, queue: q, mirror_of: forge, project: fed}
              - {name: forge, hook: github, unsigned: true, mirror_of: repo}
              - {name: repo, git: "git@git.example.org:shop/repo.git", project: shop}
              - {name: hg, mercurial: /srv/hg}
              - {name: dropped, directory: /srv/in, mirror_of: hg}
            builders:
              - {name: b, steps: [{run: x}]}
            """
        ).configuration
        let group = MirrorGroup(name: "repo")
        let growing = MirrorGroup(name: "hg", grows: true)
        #expect(configuration.mirrors == ["repo": group, "forge": group, "feed": group, "hg": growing, "dropped": growing])
        #expect(configuration.ties(of: "alone") == SourceTies(project: "p"))
        #expect(configuration.ties(of: "feed") == SourceTies(project: "fed", group: group))
        #expect(configuration.ties(of: "repo") == SourceTies(project: "shop", group: group))
        #expect(configuration.ties(of: "forge").project == "p")
        let stored = try JSONDecoder().decode(Configuration.self, from: JSONEncoder().encode(configuration))
        #expect(stored == configuration)
    }

    @Test("Callers without a way of their own say how they prove themselves, and what their calls mean")
    func ownHooks() throws {
        let configuration = try ConfigurationSamples.load(
            """
            project: p
            sources:
              - name: a
                hook: generic
                secret: {env: SECRET}
                signature: {header: X-Signature, algorithm: sha512, prefix: "sha512="}
                delivery: {header: X-Id}
                map: {repository: "{/repo}", branch: main, revision: "{/rev}", author: "{@header:x-user}"}
              - {name: b, hook: generic, secret: {file: /s}, token: {header: X-Token}, map: [{repository: r, branch: b, revision: c}]}
              - {name: c, hook: gerrit, secret: {env: S}, token: {header: X-Token}, url: "https://gerrit.example.org/a/"}
              - {name: d, hook: bitbucket-server, secret: {env: S}, url: "https://bitbucket.example.org"}
            builders:
              - {name: b, steps: [{run: x}]}
            """
        ).configuration
        let hooks = configuration.hooks
        #expect(
            hooks.map(\.proof) == [
                .signature(headers: ["X-Signature"], algorithm: .sha512, prefix: "sha512="), .token(headers: ["X-Token"]),
                .token(headers: ["X-Token"]),
                .signature(headers: ["X-Hub-Signature"], algorithm: .sha256, prefix: "sha256="),
            ])
        #expect(hooks.map(\.delivery) == ["X-Id", nil, nil, nil] && hooks.map(\.mappings?.count) == [1, 1, nil, nil])
        #expect(hooks[0].mappings?.first?.headers == ["x-user"])
        #expect(hooks.map(\.url) == [nil, nil, "https://gerrit.example.org/a", "https://bitbucket.example.org"])
        let stored = try JSONDecoder().decode(Configuration.self, from: JSONEncoder().encode(configuration))
        #expect(stored == configuration)
    }

    @Test("A revision that was stored before hooks had proofs and mappings is read as ever")
    func storedHook() throws {
        let text = #"{"name":"h","forge":"github","branches":["*"],"tags":[],"commits":"each","address":"https"}"#
        let hook = try JSONDecoder().decode(HookConfiguration.self, from: Data(text.utf8))
        #expect(hook == HookConfiguration(name: "h", forge: .github))
    }

    @Test("What the clock starts has a time, a branch and what becomes of missed times")
    func schedules() throws {
        let configuration = try ConfigurationSamples.load(
            """
            project: p
            schedulers:
              - {name: nightly, kind: cron, cron: "0 3 * * *", timezone: Europe/Berlin, builders: [b]}
              - {name: often, kind: periodic, every: 6h, branch: next, repository: /r, only_if_changed: true, missed: skip, builders: [b]}
            builders:
              - {name: b, steps: [{run: x}]}
            """
        ).configuration
        #expect(
            configuration.schedulers.map(\.schedule) == [
                Schedule(timing: .cron(try CronExpression("0 3 * * *"), zone: "Europe/Berlin")),
                Schedule(timing: .every(.seconds(21_600)), branch: "next", repository: "/r", onlyIfChanged: true, missed: .skip),
            ])
        let stored = try JSONDecoder().decode(Configuration.self, from: JSONEncoder().encode(configuration))
        #expect(stored == configuration)
    }

    @Test("A need is a builder's name, or one with the outcomes that will do")
    func needs() throws {
        let configuration = try ConfigurationSamples.load(
            """
            project: p
            builders:
              - {name: a, steps: [{run: x}]}
              - {name: b, needs: [a], steps: [{run: x}]}
              - {name: c, needs: [b, {builder: a, outcome: any}], steps: [{run: x}]}
              - {name: d, needs: [{builder: a, outcome: [failure, exception]}, {builder: b, outcome: failure}], steps: [{run: x}]}
            """
        ).configuration
        #expect(
            configuration.builders.map(\.needs) == [
                [], [Need(builder: "a", outcomes: [.success, .warnings])], [Need(builder: "b"), Need(builder: "a", outcomes: Set(Outcome.allCases))],
                [Need(builder: "a", outcomes: [.failure, .exception]), Need(builder: "b", outcomes: [.failure])],
            ])
    }

    @Test("A lock is held exclusively unless its builder says otherwise, and counts to one unless it says otherwise itself")
    func locks() throws {
        let configuration = try ConfigurationSamples.load(
            """
            project: p
            limit: 20
            locks: [{name: db, count: 3}, {name: board}]
            builders:
              - {name: a, limit: 2, locks: [db, {name: board}], steps: [{run: x}]}
              - {name: b, locks: [{name: db, mode: counting}], steps: [{run: x}]}
            """
        ).configuration
        #expect(configuration.limit == 20)
        #expect(configuration.locks == [Lock(name: "db", count: 3), Lock(name: "board", count: 1)])
        #expect(configuration.builders.map(\.limit) == [2, nil])
        #expect(configuration.builders.map(\.locks) == [[LockUse("db"), LockUse("board")], [LockUse("db", .counting)]])
        let stored = try JSONDecoder().decode(Configuration.self, from: JSONEncoder().encode(configuration))
        #expect(stored == configuration)
    }

    @Test("A project that says nothing else has share 1, no limit and no longest wait")
    func projects() throws {
        let configuration = try ConfigurationSamples.load(
            """
            project: p
            projects: [{name: app, share: 3, limit: 4, longest_wait: 30m}, {name: site}]
            builders: [{name: b, steps: [{run: x}]}]
            """
        ).configuration
        #expect(configuration.projects == [ProjectRule(name: "app", share: 3, limit: 4, longestWait: .seconds(1800)), ProjectRule(name: "site")])
        let stored = try JSONDecoder().decode(Configuration.self, from: JSONEncoder().encode(configuration))
        #expect(stored == configuration)
    }

    @Test("The limit of the project stands in one file only")
    func oneLimit() throws {
        let directory = TemporaryDirectory()
        let texts = ["a": "project: p\nlimit: 3\nbuilders: [{name: b, steps: [{run: x}]}]\n", "b": "limit: 4\n"]
        for (name, text) in texts { try text.write(toFile: "\(directory.path)/\(name).yaml", atomically: true, encoding: .utf8) }
        #expect {
            try ConfigurationLoader.load(path: directory.path)
        } throws: {
            "\($0)".contains("b.yaml:1:8: found \"limit\" a second time, expected it in one file only; the first is at \(directory.path)/a.yaml:2:8")
        }
    }

    @Test("Every key reaches the domain")
    func everyKey() throws {
        let configuration = try ConfigurationLoader.load(path: ConfigurationSamples.top + "/examples/complete/doorbell.yaml").configuration
        let source = try #require(configuration.source(named: "storefront"))
        #expect(source.tags == [Glob("v*")] && source.every == .seconds(60) && source.commits == .tip && source.timeout == .seconds(120))
        #expect(source.credential == .environment("STOREFRONT_TOKEN"))
        #expect(configuration.source(named: "backend")?.credential == .file("/etc/doorbell/backend-token"))
        let dropped = try #require(configuration.directories.first)
        #expect(dropped.name == "dropped" && dropped.directory == "/var/spool/doorbell/changes" && dropped.every == .seconds(300))
        #expect(dropped.accepted == .remove && dropped.mappings?.count == 1)
        let list = try #require(configuration.lists.first)
        #expect(list.name == "mirror" && list.url == "https://forge.example.com/api/commits?limit=50" && list.every == .seconds(120))
        #expect(list.timeout == .seconds(10) && list.credential == .environment("MIRROR_TOKEN") && list.header == "X-Token" && list.newest == .last)
        #expect(configuration.mirrors["dropped"] == MirrorGroup(name: "storefront") && configuration.mirrors["mirror"] == nil)
        #expect(configuration.sourceProjects == ["legacy": "docs"])
        #expect(configuration.sourceLimits == ["storefront": ChangeLimit(changes: 500, per: .seconds(60))])
        let mercurial = try #require(configuration.mercurial.first)
        #expect(mercurial.name == "legacy" && mercurial.repository == "https://hg.example.com/shop" && mercurial.branches == [Glob("default")])
        #expect(mercurial.every == .seconds(120) && mercurial.commits == .tip && mercurial.timeout == .seconds(180))
        #expect(mercurial.credential == .environment("LEGACY_TOKEN"))
        let systems = configuration.builders.flatMap(\.steps).compactMap {
            if case .checkout(let checkout) = $0.action { checkout.system } else { nil }
        }
        #expect(systems.contains(.mercurial))
        let scheduler = try #require(configuration.scheduler(named: "mainline"))
        #expect(
            scheduler
                == SchedulerRule(
                    name: "mainline", kind: .branch,
                    filter: ChangeFilter(
                        projects: [Glob("shop")], repositories: [Glob("https://git.example.com/**")], branches: [Glob("main"), Glob("release/*")],
                        files: [Glob("Sources/**"), Glob("Tests/**"), Glob("Makefile")], ignoreFiles: [Glob("**/*.md")]),
                    quiet: .seconds(90), builders: ["test", "package"], priority: 10, properties: ["publish": true, "channel": "nightly"]))
        #expect(configuration.scheduler(named: "everything")?.filter.categories == [Glob("review")])
        #expect(configuration.scheduler(named: "everything")?.quiet == nil)
        let builder = try #require(configuration.builder(named: "test"))
        #expect(builder.labels == ["os": "linux", "cores": "8"] && builder.environment == ["LC_ALL": "C.UTF-8", "JOBS": "8"])
        #expect(builder.properties == ["coverage": false] && builder.attempts == 5 && builder.priority == 1)
        #expect(builder.deadline == .seconds(7200) && !builder.collapse)
        #expect(builder.reuse == ReuseRule(within: .seconds(86_400), outcomes: [.success, .warnings]))
        #expect(builder.limit == 8 && builder.locks == [LockUse("staging", .counting)])
        #expect(configuration.limit == 40 && configuration.locks == [Lock(name: "staging", count: 3), Lock(name: "registry")])
        #expect(
            configuration.projects == [
                ProjectRule(name: "shop", share: 3, limit: 20, longestWait: .seconds(1800)), ProjectRule(name: "docs", limit: 2),
            ])
        #expect(configuration.builder(named: "package")?.locks == [LockUse("registry"), LockUse("staging")])
        #expect(
            builder.steps.first
                == StepRecipe(
                    name: "checkout",
                    action: .checkout(
                        .init(mode: .incremental, submodules: true, credential: .environment("STOREFRONT_TOKEN"), directory: "source"))))
        let unit = builder.steps[1]
        #expect(unit.directory == "source" && unit.timeout == .seconds(1200) && unit.idleTimeout == .seconds(300) && unit.retries == 1)
        #expect(builder.steps[2].action == .run(.arguments(["make", "lint"])) && builder.steps[2].warningsOnly)
        #expect(builder.steps[3].continueOnFailure && builder.steps[4].always)
    }

    @Test("Steps without a name are named after what they do, each differently")
    func stepNames() throws {
        let configuration = try ConfigurationSamples.load(
            """
            project: p
            builders:
              - name: b
                steps:
                  - checkout:
                  - checkout: {directory: other}
                  - run: |

                      swift test --parallel
                  - run: swift test
                  - run: ./scripts/gradlew -q check
                  - run: [/usr/bin/make, all]
                  - run: "$TOOL run"
                  - {name: make, run: make}
                  - run: make
            """
        ).configuration
        #expect(
            configuration.builders[0].steps.map(\.name)
                == ["checkout", "checkout 2", "swift test", "swift test 2", "gradlew", "make all", "step 7", "make", "make 2"])
    }

    @Test("A directory's files are joined, and the project is named once")
    func directory() throws {
        let directory = TemporaryDirectory()
        func write(_ name: String, _ text: String) throws {
            try text.write(toFile: directory.file(name), atomically: false, encoding: .utf8)
        }
        try write("10-main.yaml", "project: p\nschedulers: [{name: s, kind: any-branch, builders: [a, b]}]\n")
        try write("20-a.yaml", "builders: [{name: a, steps: [{run: x}]}]\nsources: [{name: one, git: ./repo}]\n")
        try write("30-b.yml", "builders: [{name: b, steps: [{run: x}]}]\n")
        try write("ignored.txt", "not yaml: [")
        let loaded = try ConfigurationLoader.load(path: directory.path)
        #expect(loaded.configuration.builders.map(\.name) == ["a", "b"])
        #expect(loaded.configuration.sources.map(\.git) == [directory.path + "/repo"])
        #expect(loaded.files.map { ($0 as NSString).lastPathComponent } == ["10-main.yaml", "20-a.yaml", "30-b.yml"])

        try write("30-b.yml", "project: q\nbuilders: [{name: a, steps: [{run: x}]}]\n")
        let problems = #expect(throws: ConfigurationProblems.self) { try ConfigurationLoader.load(path: directory.path) }
        let texts = try #require(problems).problems.map(\.description)
        #expect(texts.count == 3)
        #expect(texts[0].hasPrefix(directory.file("10-main.yaml") + ":2:") && texts[0].contains("found \"b\", expected a builder: one of"))
        #expect(texts[1].hasPrefix(directory.file("30-b.yml") + ":1:10: found \"project\" a second time"))
        #expect(texts[2].contains("30-b.yml:2:19: found a second builder \"a\"") && texts[2].contains("20-a.yaml:1:19"))
    }

    @Test("The digest is that of what was read: it changes with a byte, and with the place that a relative repository leads to")
    func digest() throws {
        let text = "project: p\nsources: [{name: s, git: .}]\n" + ConfigurationSamples.builders
        let digest = try ConfigurationSamples.load(text).digest
        #expect(digest.count == 64)
        #expect(try ConfigurationSamples.load(text).digest == digest)
        #expect(try ConfigurationSamples.load(text + "\n").digest != digest)
        #expect(try ConfigurationSamples.load(text, file: "/srv/other/doorbell.yaml").digest != digest)
        let absolute = text.replacing("git: .", with: "git: /srv/repo")
        #expect(try ConfigurationSamples.load(absolute).digest == ConfigurationSamples.load(absolute, file: "/srv/other/doorbell.yaml").digest)
    }

    @Test(
        "What is no readable file is said in one line",
        arguments: [
            ("missing.yaml", "found nothing there"), ("pipe.yaml", "found no regular file"), ("empty", "found no *.yaml in this directory"),
            ("large.yaml", "found more than 1048576 bytes"), ("bytes.yaml", "found bytes that are not UTF-8"),
        ])
    func unreadable(name: String, expected: String) throws {
        let directory = TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: directory.file("empty"), withIntermediateDirectories: false)
        #expect(mkfifo(directory.file("pipe.yaml"), 0o600) == 0)
        try Data(repeating: UInt8(ascii: "#"), count: (1 << 20) + 1).write(to: URL(fileURLWithPath: directory.file("large.yaml")))
        try Data("project: p\n# \u{e9}\n".utf8 + [0xff, 0x0a]).write(to: URL(fileURLWithPath: directory.file("bytes.yaml")))
        let problems = #expect(throws: ConfigurationProblems.self) { try ConfigurationLoader.load(path: directory.file(name)) }
        let texts = try #require(problems).problems.map(\.description)
        #expect(texts.count == 1)
        #expect(texts.first?.hasPrefix(directory.file(name)) == true)
        #expect(texts.first?.contains(expected) == true, "\(texts)")
        if name == "bytes.yaml" { #expect(texts.first?.contains(":3:1: ") == true) }
    }

    @Test("The default file is found by its name")
    func defaultPath() throws {
        let directory = TemporaryDirectory()
        #expect(ConfigurationLoader.defaultPath(in: directory.path) == nil)
        try "".write(toFile: directory.file("doorbell.yml"), atomically: false, encoding: .utf8)
        #expect(ConfigurationLoader.defaultPath(in: directory.path) == directory.file("doorbell.yml"))
        try "".write(toFile: directory.file("doorbell.yaml"), atomically: false, encoding: .utf8)
        #expect(ConfigurationLoader.defaultPath(in: directory.path) == directory.file("doorbell.yaml"))
    }
}
