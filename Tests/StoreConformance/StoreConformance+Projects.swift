import Domain
import Storage
import Testing

extension StoreConformance where S: Store {
    public static var projectRules: [Rule] {
        [
            Rule("projects get builds in proportion to their shares, and one that is not named has share 1") { try await $0.shares() },
            Rule("in a project the higher priority goes first, then age") { try await $0.priorityInProject() },
            Rule("whoever waits longer than its project's longest wait goes first, whatever the priorities and shares") {
                try await $0.longestWait()
            },
            Rule("a project never has more builds than its limit, lets others pass, and an end of its own makes room and says so") {
                try await $0.limitOfProject()
            },
            Rule("requests of several projects that wait for a lock keep their other locks from others as one") { try await $0.locksOfProjects() },
            Rule("shares and limits of projects are those of the configuration in force, for requests from before it too") {
                try await $0.projectsInForce()
            },
            Rule("a request that was released counts for its project") { try await $0.releasedOfProject() },
            Rule("the facts of why name the projects that have requests") { try await $0.whyProjects() },
        ]
    }

    private static func configuration(_ projects: [ProjectRule], builders: [Builder] = [Samples.builder("test"), Samples.builder("lint")])
        -> Configuration
    {
        var configuration = Samples.configuration(builders: builders)
        configuration.projects = projects
        return configuration
    }

    /// So many requests of a project.
    private static func force(_ world: World<S>, _ project: String, _ count: Int = 1, _ builder: String = "test", priority: Int = 0) async throws
        -> [RequestID]
    {
        var force = Samples.force(builder, priority: priority)
        force.project = project
        var requests: [RequestID] = []
        for _ in 0..<count { requests.append(try await world.store.force(force, idempotency: nil).request) }
        return requests
    }

    func shares() async throws {
        let (world, _) = try await scheduled(Self.configuration([ProjectRule(name: "app", share: 2)]))
        let app = try await Self.force(world, "app", 9)
        let site = try await Self.force(world, "site", 3) + Self.force(world, "site", 3, "lint")
        let worker = try await WorkerDouble(world.store, slots: 6)
        var held = try await worker.claim()
        #expect(Set(held.map(\.request)) == Set(app[..<4] + site[..<2]))
        try await worker.accept(held)
        // The two of `site` end: it is behind until it has two again.
        for build in held where build.project == "site" { try await worker.finish(build) }
        held.removeAll { $0.project == "site" }
        #expect(try await worker.claim(holding: held).map(\.request) == Array(site[2..<4]))
    }

    func priorityInProject() async throws {
        let (world, _) = try await scheduled(Self.configuration([ProjectRule(name: "app")]))
        let app = try await Self.force(world, "app", 2) + Self.force(world, "app", 1, priority: 5)
        let site = try await Self.force(world, "site", 1, priority: 9)
        let worker = try await WorkerDouble(world.store, slots: 1)
        var order: [RequestID] = []
        while let build = try await worker.claim().first {
            order.append(build.request)
            try await worker.accept([build])
            try await worker.finish(build)
        }
        #expect(order == [site[0], app[2], app[0], app[1]], "projects that are equal go by priority, then age, too")
    }

    func longestWait() async throws {
        let (world, _) = try await scheduled(
            Self.configuration([ProjectRule(name: "docs", longestWait: .seconds(600)), ProjectRule(name: "app", share: 9)]))
        let old = try await Self.force(world, "docs", 2, priority: -5)
        world.clock.advance(by: .seconds(300))
        let young = try await Self.force(world, "docs", 12, priority: 9)
        let app = try await Self.force(world, "app", 4, priority: 50)
        world.clock.advance(by: .seconds(300))
        let worker = try await WorkerDouble(world.store, slots: 2)
        let result = try await world.store.match([worker.offer()])
        #expect(result.changesIn == .microseconds(1), "then somebody looks again, for the order is another")
        var held = result.assignments
        #expect(Set(held.map(\.request)) == [app[0], young[0]], "ten minutes are not longer than ten minutes")
        try await worker.accept(held)
        for build in held { try await worker.finish(build) }
        world.clock.advance(by: .seconds(1))
        held = try await worker.claim()
        #expect(Set(held.map(\.request)) == Set(old))
    }

    func limitOfProject() async throws {
        let (world, _) = try await scheduled(Self.configuration([ProjectRule(name: "docs", share: 9, limit: 2)]))
        let docs = try await Self.force(world, "docs", 3) + Self.force(world, "docs", 2, "lint")
        let app = try await Self.force(world, "app", 2)
        let first = try await WorkerDouble(world.store, "w1")
        let second = try await WorkerDouble(world.store, "w2")
        let held = try await first.claim()
        #expect(Set(held.map(\.request)) == Set(docs[..<2] + app))
        #expect(try await world.store.match([first.offer(holding: held), second.offer()]).assignments.isEmpty)
        try await first.accept(held)
        let ofApp = try #require(held.first { $0.project == "app" })
        let ofDocs = try #require(held.first { $0.project == "docs" })
        #expect(try await first.finish(ofApp)?.ringDispatch == false, "nobody waits for its end")
        #expect(try await second.claim().isEmpty)
        #expect(try await first.finish(ofDocs)?.ringDispatch == true)
        #expect(try await second.claim().map(\.request) == [docs[2]])
    }

    func locksOfProjects() async throws {
        var builders = ["test", "lint", "hold"].map { Samples.builder($0) }
        builders[0].locks = [LockUse("net"), LockUse("db", .counting)]
        builders[1].locks = [LockUse("db", .counting)]
        builders[2].locks = [LockUse("net")]
        var configuration = Self.configuration([ProjectRule(name: "app", share: 2)], builders: builders)
        configuration.locks = [Lock(name: "db", count: 2), Lock(name: "net")]
        let (world, _) = try await scheduled(configuration)
        let worker = try await WorkerDouble(world.store)
        _ = try await Self.force(world, "app", 1, "hold")
        let held = try await worker.claim()
        #expect(held.count == 1)
        for project in ["app", "site", "docs"] { _ = try await Self.force(world, project, 1, "test", priority: 5) }
        let lint = try await Self.force(world, "site", 1, "lint")
        #expect(try await worker.claim(holding: held).map(\.request) == lint)
    }

    func projectsInForce() async throws {
        let (world, _) = try await scheduled(Self.configuration([]))
        let docs = try await Self.force(world, "docs", 4)
        let worker = try await WorkerDouble(world.store)
        var held = try await worker.claim(1)
        #expect(held.map(\.request) == [docs[0]])
        _ = try await world.store.apply(Self.configuration([ProjectRule(name: "docs", limit: 2)]), digest: Samples.digest(2))
        held += try await worker.claim(holding: held)
        #expect(held.map(\.request) == Array(docs[..<2]))
        _ = try await world.store.apply(Self.configuration([ProjectRule(name: "app", limit: 1)]), digest: Samples.digest(3))
        #expect(try await worker.claim(holding: held).map(\.request) == Array(docs[2...]))
    }

    func releasedOfProject() async throws {
        var after = Samples.builder("after")
        after.needs = [Need(builder: "test")]
        let (world, _) = try await scheduled(Self.configuration([ProjectRule(name: "docs", limit: 1)], builders: [Samples.builder("test"), after]))
        var force = Samples.force()
        force.project = "docs"
        force.others = ["after"]
        for _ in 0..<2 { _ = try await world.store.force(force, idempotency: nil) }
        let worker = try await WorkerDouble(world.store)
        var order: [String] = []
        while let build = try await worker.claim().first {
            order.append(build.builder.name)
            #expect(try await worker.claim(holding: [build]).isEmpty)
            try await worker.accept([build])
            try await worker.finish(build)
        }
        #expect(order.sorted() == ["after", "after", "test", "test"])
    }

    func whyProjects() async throws {
        let (world, _) = try await scheduled(Self.configuration([ProjectRule(name: "docs", limit: 1)]))
        let began = world.clock.now()
        let docs = try await Self.force(world, "docs", 2)
        let worker = try await WorkerDouble(world.store)
        let held = try await worker.claim()
        world.clock.advance(by: .seconds(5))
        let app = try await Self.force(world, "app", 2) + Self.force(world, "docs", 1, priority: 5)
        let facts = try #require(try await world.store.why(docs[1]))
        #expect(
            facts.bounds
                == BoundFacts(
                    open: held.map { .init(build: $0.build, builder: "test", project: "docs", assigned: began) }, now: world.clock.now()))
        #expect(Set(facts.line.map(\.place.request)) == [app[0], app[2]], "the first of each project")
        #expect(facts.line.first { $0.place.project == "app" }?.place.created == world.clock.now())
        #expect(facts.ahead == 1)
        #expect(try await world.store.why(app[1])?.ahead == 1, "those of its own project")
    }
}
