import Domain
import Storage
import Testing

extension StoreConformance where S: ChangeStore & ConfigurationStore & SchedulingStore & OutboxStore {
    public static var schedulingRules: [Rule] {
        [
            Rule("a change makes one buildset with a request for each builder") { try await $0.changeMakesBuildset() },
            Rule("a change is classified once") { try await $0.classifiedOnce() },
            Rule("changes are classified in the order of acceptance, as many as are asked for") { try await $0.classifiedInOrder() },
            Rule("a change that no rule wants makes nothing") { try await $0.unwantedChange() },
            Rule("the changes of one quiet time make one buildset that names them all") { try await $0.quietTimeGathers() },
            Rule("each change makes the quiet time begin again") { try await $0.quietTimeBeginsAgain() },
            Rule("a quiet time does not end while an earlier change is unclassified") { try await $0.quietTimeWaitsForClassification() },
            Rule("every quiet time makes a buildset of its own") { try await $0.quietTimesFollowEachOther() },
            Rule("branches are quiet by themselves") { try await $0.branchesAreApart() },
            Rule("unimportant changes start nothing but ride along") { try await $0.unimportantChanges() },
            Rule("the quiet time of a rule that is gone makes nothing") { try await $0.ruleIsGone() },
            Rule("whoever has not heard of a rule yet decides by it all the same") { try await $0.ruleIsNew() },
            Rule("a rule's unknown builder is told, and the others are built") { try await $0.unknownBuilder() },
            Rule("a buildset without a builder ends at once") { try await $0.emptyBuildset() },
        ]
    }

    /// A world in which a configuration is in force.
    func scheduled(_ configuration: Configuration) async throws -> (World<S>, Planner) {
        let world = try await world()
        _ = try await world.store.apply(configuration, digest: Samples.digest(1))
        return (world, Planner(configuration: configuration))
    }

    func changeMakesBuildset() async throws {
        let (world, planner) = try await scheduled(
            Samples.configuration(builders: [Samples.builder("test", priority: 5), Samples.builder("docs")], uses: ["test", "docs", "test"]))
        let change = try #require(try await world.store.accept([Samples.change("abc")], advancing: nil).first)
        let result = try await world.store.classify(limit: 10, planner: planner)
        #expect(result.taken == 1)
        #expect(result.nextDue == nil)
        let buildset = try #require(result.buildsets.first)
        #expect(result.buildsets.count == 1)
        let events = try await world.store.everyEvent()
        expectContiguousVersions(events)
        #expect(
            events.map(\.kind) == [
                .configApplied, .changeReceived, .buildsetCreated, .schedulerFired, .requestCreated, .requestCreated,
            ])
        let created = try events[2].fact(BuildsetFact.self)
        #expect(
            created
                == BuildsetFact(
                    scheduler: "commits", reason: "change \(change.id)", project: "demo", branch: "main", revision: "abc",
                    builders: ["test", "docs"]))
        let chain = try events[2].chains()
        #expect(chain.parents == [change.chain])
        #expect(chain.changes == [change.id])
        #expect(chain.buildset == buildset)
        #expect(events[3].entity == .buildset)
        #expect(events[3].entityVersion == 2)
        let requests = try events[4...].map { try $0.fact(RequestFact.self) }
        #expect(requests.map(\.builder) == ["test", "docs"])
        #expect(requests.map(\.priority) == [15, 10])
        #expect(requests.allSatisfy { $0.phase == .pending && $0.buildset == buildset })
        #expect(events[4].routingKey == "request.created.demo.main.test._._.\(events[4].entityID)")
        #expect(try events[4].chains().id == chain.id)
    }

    func classifiedOnce() async throws {
        let (world, planner) = try await scheduled(Samples.configuration())
        _ = try await world.store.accept([Samples.change("1", key: "k")], advancing: nil)
        #expect(try await world.store.classify(limit: 10, planner: planner).buildsets.count == 1)
        _ = try await world.store.accept([Samples.change("1", key: "k")], advancing: nil)
        #expect(try await world.store.classify(limit: 10, planner: planner) == SchedulingResult(taken: 0, buildsets: []))
    }

    func classifiedInOrder() async throws {
        let (world, planner) = try await scheduled(Samples.configuration())
        _ = try await world.store.accept(["1", "2", "3"].map { Samples.change($0) }, advancing: nil)
        #expect(try await world.store.classify(limit: 2, planner: planner).taken == 2)
        #expect(try await world.store.classify(limit: 2, planner: planner).taken == 1)
        let revisions = try await world.store.events(.buildsetCreated).map { try $0.fact(BuildsetFact.self).revision }
        #expect(revisions == ["1", "2", "3"])
    }

    func unwantedChange() async throws {
        let (world, planner) = try await scheduled(Samples.configuration())
        _ = try await world.store.accept([Samples.change("1", branch: "topic")], advancing: nil)
        #expect(try await world.store.classify(limit: 10, planner: planner) == SchedulingResult(taken: 1, buildsets: []))
        #expect(try await world.store.events(.buildsetCreated).isEmpty)
    }

    func unknownBuilder() async throws {
        let (world, planner) = try await scheduled(Samples.configuration(uses: ["gone", "test"]))
        _ = try await world.store.accept([Samples.change("1")], advancing: nil)
        #expect(try await world.store.classify(limit: 10, planner: planner).buildsets.count == 1)
        let events = try await world.store.everyEvent()
        expectContiguousVersions(events)
        let failed = try #require(events.first { $0.kind == .schedulerFailed })
        #expect(try failed.fact(SchedulerFact.self).reason.contains("gone"))
        #expect(events.filter { $0.kind == .requestCreated }.count == 1)
        #expect(!events.contains { $0.kind == .buildsetFinished })
    }

    func emptyBuildset() async throws {
        let (world, planner) = try await scheduled(Samples.configuration(uses: ["gone"]))
        _ = try await world.store.accept([Samples.change("1")], advancing: nil)
        #expect(try await world.store.classify(limit: 10, planner: planner).buildsets.count == 1)
        let events = try await world.store.everyEvent()
        expectContiguousVersions(events)
        let finished = try #require(events.last)
        #expect(finished.kind == .buildsetFinished)
        #expect(try finished.fact(BuildsetFact.self).outcome == .skipped)
    }
}
