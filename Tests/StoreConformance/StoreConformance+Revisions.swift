import Domain
import Storage
import Testing

extension StoreConformance where S: Store {
    public static var revisionRules: [Rule] {
        [
            Rule("every configuration that was applied is kept, with who applied it and what it restores") { try await $0.revisionsAreKept() },
            Rule("revisions are listed in pages, with what they hold") { try await $0.revisionPages() },
            Rule("a configuration for another revision than the one in force is refused, and leaves nothing") { try await $0.staleRevision() },
            Rule("the repeat of what is in force is no change, whatever it expected") { try await $0.repeatedRevision() },
            Rule("a buildset keeps the revision that it was planned under, and a build that of its recipe as well") {
                try await $0.plannedUnder()
            },
            Rule("requests of a builder that is gone end as cancelled, with the reason; what runs goes on, and nothing else is touched") {
                try await $0.removedBuilder()
            },
            Rule("what waits for a builder that is gone ends as well, in batches, and the buildset with it") { try await $0.removedWaiting() },
        ]
    }

    private static func configuration(_ builders: String...) -> Configuration {
        var configuration = Samples.configuration(builders: builders.map { Samples.builder($0) }, uses: builders)
        configuration.sources = [SourceConfiguration(name: "repo", git: Samples.repository)]
        configuration.hooks = [HookConfiguration(name: "forge", forge: .github)]
        return configuration
    }

    func revisionsAreKept() async throws {
        let world = try await world()
        let (old, new) = (Self.configuration("a"), Self.configuration("a", "b"))
        let first = try await world.store.apply(NewRevision(old, digest: Samples.digest(1))).applied
        let second = try await world.store.apply(NewRevision(new, digest: Samples.digest(2), by: "ada@host é")).applied
        let third = try await world.store.apply(
            NewRevision(old, digest: Samples.digest(1), by: "bob", restores: first.id, expect: second.id)
        ).applied
        let kept = try #require(try await world.store.revision(third.id))
        let row = RevisionRow(
            id: third.id, digest: Samples.digest(1), applied: world.clock.now(), by: "bob", restores: first.id, sources: 2,
            schedulers: 1, builders: 1)
        #expect(kept == KeptRevision(row: row, configuration: old))
        let before = try #require(try await world.store.revision(second.id))
        #expect(before.configuration == new && before.row.by == "ada@host é" && before.row.restores == nil)
        #expect(try await world.store.revision(first.id)?.row.by == nil)
        let facts = try await world.store.events(.configApplied).map { try $0.fact(ConfigFact.self) }
        #expect(facts.map(\.by) == [nil, "ada@host é", "bob"] && facts.map(\.restores) == [nil, nil, first.id])
        #expect(try await world.store.revision(ConfigurationID(third.id.rawValue + 1)) == nil)
    }

    func revisionPages() async throws {
        let world = try await world()
        for number in 1...5 {
            let names = (1...number).map { "b\($0)" }
            let configuration = Samples.configuration(builders: names.map { Samples.builder($0) }, uses: names)
            _ = try await world.store.apply(configuration, digest: Samples.digest(number))
        }
        let newest = try await world.store.revisions(PageQuery(RevisionFields(), limit: 2))
        #expect(newest.map(\.builders) == [5, 4])
        let older = try await world.store.revisions(PageQuery(RevisionFields(), after: newest.last?.id.rawValue, limit: 2))
        #expect(older.map(\.builders) == [3, 2])
        #expect(try await world.store.revisions(PageQuery(RevisionFields(), ascending: true, limit: 9)).map(\.builders) == [1, 2, 3, 4, 5])
    }

    func staleRevision() async throws {
        let world = try await world()
        let nothing = NewRevision(Self.configuration("a"), digest: Samples.digest(1), expect: ConfigurationID(1))
        await #expect(throws: StoreError.self) { try await world.store.apply(nothing) }
        let first = try await world.store.apply(Self.configuration("a"), digest: Samples.digest(1)).applied
        let second = try await world.store.apply(Self.configuration("b"), digest: Samples.digest(2)).applied
        let stale = NewRevision(Self.configuration("c"), digest: Samples.digest(3), expect: first.id)
        do {
            _ = try await world.store.apply(stale)
            Issue.record("it was applied")
        } catch StoreError.conflict(let text) {
            #expect(text.contains("revision \(second.id) is in force, not \(first.id)"))
        }
        #expect(try await world.store.currentConfiguration() == second)
        #expect(try await world.store.revisions(PageQuery(RevisionFields(), limit: 9)).count == 2)
        #expect(try await world.store.events(.configApplied).count == 2)
    }

    func repeatedRevision() async throws {
        let world = try await world()
        let first = try await world.store.apply(Self.configuration("a"), digest: Samples.digest(1)).applied
        let new = NewRevision(Self.configuration("b"), digest: Samples.digest(2), expect: first.id)
        let second = try await world.store.apply(new)
        let again = try await world.store.apply(new)
        #expect(second.changed && !again.changed && again.applied == second.applied)
    }

    func removedBuilder() async throws {
        let (world, planner) = try await scheduled(Self.configuration("a", "b"))
        #expect(try await world.store.endRemoved(limit: 10) == 0)
        _ = try await world.store.accept([Samples.change("1"), Samples.change("2")], advancing: nil)
        _ = try await world.store.classify(limit: 10, planner: planner)
        let worker = try await WorkerDouble(world.store)
        // The older one is built, of either builder.
        let build = try #require(try await worker.claim(1).first)
        let other = build.builder.name == "a" ? "b" : "a"
        let new = try await world.store.apply(Self.configuration(other), digest: Samples.digest(7)).applied.id
        #expect(try await world.store.endRemoved(limit: 10) == 1)
        #expect(try await world.store.endRemoved(limit: 10) == 0)
        let requests = try await world.store.requests(PageQuery(RequestFields(), limit: 10))
        #expect(requests.filter { $0.builder == other }.map(\.phase) == [.pending, .pending])
        let ended = try #require(requests.first { $0.phase == .finished })
        #expect(ended.builder == build.builder.name && ended.outcome == .cancelled && ended.cause == .cancelled)
        #expect(ended.text == "configuration \(new) has no builder \(build.builder.name)" && ended.cancelReason == ended.text)
        #expect(try await world.store.events(.requestCancelled).count == 1)
        try await worker.accept([build])
        try await worker.finish(build, .success)
        #expect(try await world.store.request(build.request)?.outcome == .success)
    }

    func removedWaiting() async throws {
        var after = Samples.builder("after")
        after.needs = [Need(builder: "gone")]
        let gone = Samples.builder("gone")
        var last = Samples.builder("last")
        last.needs = [Need(builder: "stays")]
        let (world, planner) = try await scheduled(
            Samples.configuration(builders: [gone, after, Samples.builder("stays"), last], uses: ["gone", "after", "stays", "last"]))
        _ = try await world.store.accept([Samples.change("1")], advancing: nil)
        _ = try await world.store.classify(limit: 10, planner: planner)
        after.needs = []
        let kept = Samples.configuration(builders: [after, Samples.builder("stays")], uses: ["after", "stays"])
        _ = try await world.store.apply(kept, digest: Samples.digest(7))
        #expect(try await world.store.endRemoved(limit: 1) == 1)
        #expect(try await world.store.endRemoved(limit: 1) == 1)
        #expect(try await world.store.endRemoved(limit: 1) == 0)
        let outcomes = try await world.store.requests(PageQuery(RequestFields(), limit: 10)).reduce(into: [String: Outcome?]()) {
            $0[$1.builder] = $1.outcome
        }
        // It needed what was cancelled, as its buildset says.
        #expect(outcomes == ["gone": .cancelled, "after": .skipped, "last": .cancelled, "stays": nil])
        let worker = try await WorkerDouble(world.store)
        let build = try #require(try await worker.claim(1).first)
        try await worker.accept([build])
        try await worker.finish(build, .success)
        #expect(try await world.store.buildsets(PageQuery(BuildsetFields(), limit: 1)).first?.outcome == .cancelled)
    }

    func plannedUnder() async throws {
        let (world, planner) = try await scheduled(Samples.configuration())
        let first = try #require(try await world.store.currentConfiguration()).id
        _ = try await world.store.accept([Samples.change("abc")], advancing: nil)
        _ = try await world.store.classify(limit: 10, planner: planner)
        let second = try await world.store.apply(Samples.configuration(quiet: .seconds(1)), digest: Samples.digest(9)).applied.id
        _ = try await world.store.force(Samples.force(), idempotency: nil)
        let buildsets = try await world.store.buildsets(PageQuery(BuildsetFields(), limit: 9))
        #expect(buildsets.map(\.configuration) == [second, first])
        #expect(try await world.store.buildset(buildsets[1].id)?.configuration == first)
        // The first request is the older one: planned under the first revision, built by the recipe of the second.
        let worker = try await WorkerDouble(world.store)
        let build = try #require(try await worker.claim(1).first)
        let row = try #require(try await world.store.build(build.build))
        #expect(row.plannedUnder == [buildsets[0].id: second, buildsets[1].id: first][row.buildset] && row.configuration == second)
    }
}
