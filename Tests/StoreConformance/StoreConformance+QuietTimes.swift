import Domain
import Storage
import Testing

extension StoreConformance where S: ChangeStore & ConfigurationStore & SchedulingStore & OutboxStore {
    private static var quiet: Duration { .seconds(5) }

    func quietTimeGathers() async throws {
        let (world, planner) = try await scheduled(Samples.configuration(quiet: Self.quiet))
        let store = world.store
        let receipts = try await store.accept(["1", "2", "3"].map { Samples.change($0) }, advancing: nil)
        let due = world.clock.now().advanced(by: Self.quiet)
        let classified = try await store.classify(limit: 10, planner: planner)
        #expect(classified == SchedulingResult(taken: 3, buildsets: [], nextDue: due))
        world.clock.advance(by: .seconds(5) - .microseconds(1))
        #expect(try await store.fireQuietTimes(limit: 10, planner: planner) == SchedulingResult(taken: 0, buildsets: [], nextDue: due))
        world.clock.advance(by: .microseconds(1))
        let fired = try await store.fireQuietTimes(limit: 10, planner: planner)
        #expect(fired.taken == 1)
        #expect(fired.buildsets.count == 1)
        #expect(fired.nextDue == nil)
        #expect(try await store.fireQuietTimes(limit: 10, planner: planner) == SchedulingResult(taken: 0, buildsets: []))
        let created = try #require(try await store.events(.buildsetCreated).first)
        #expect(try created.chains().changes == receipts.map(\.id))
        #expect(try created.chains().parents == receipts.map(\.chain))
        #expect(try created.fact(BuildsetFact.self).revision == "3")
        expectContiguousVersions(try await store.everyEvent())
    }

    func quietTimeBeginsAgain() async throws {
        let (world, planner) = try await scheduled(Samples.configuration(quiet: Self.quiet))
        let store = world.store
        for revision in ["1", "2"] {
            _ = try await store.accept([Samples.change(revision)], advancing: nil)
            _ = try await store.classify(limit: 10, planner: planner)
            world.clock.advance(by: .seconds(3))
        }
        let early = try await store.fireQuietTimes(limit: 10, planner: planner)
        #expect(early.buildsets.isEmpty)
        #expect(early.nextDue == world.clock.now().advanced(by: .seconds(2)))
        world.clock.advance(by: .seconds(2))
        #expect(try await store.fireQuietTimes(limit: 10, planner: planner).buildsets.count == 1)
    }

    func quietTimeWaitsForClassification() async throws {
        let (world, planner) = try await scheduled(Samples.configuration(quiet: Self.quiet))
        let store = world.store
        _ = try await store.accept([Samples.change("1")], advancing: nil)
        _ = try await store.classify(limit: 10, planner: planner)
        // Accepted in the last moment of the quiet time, but not yet looked at.
        world.clock.advance(by: Self.quiet)
        _ = try await store.accept([Samples.change("2")], advancing: nil)
        world.clock.advance(by: .seconds(1))
        #expect(try await store.fireQuietTimes(limit: 10, planner: planner) == SchedulingResult(taken: 0, buildsets: []))
        let classified = try await store.classify(limit: 10, planner: planner)
        #expect(classified.nextDue == world.clock.now().advanced(by: .seconds(4)))
        #expect(try await store.fireQuietTimes(limit: 10, planner: planner).buildsets.isEmpty)
        world.clock.advance(by: .seconds(4))
        // One that came after the end does not hold it up.
        world.clock.advance(by: .microseconds(1))
        _ = try await store.accept([Samples.change("3")], advancing: nil)
        #expect(try await store.fireQuietTimes(limit: 10, planner: planner).buildsets.count == 1)
        let created = try #require(try await store.events(.buildsetCreated).first)
        #expect(try created.chains().changes?.count == 2)
    }

    func quietTimesFollowEachOther() async throws {
        let (world, planner) = try await scheduled(Samples.configuration(quiet: Self.quiet))
        for revision in ["1", "2", "3"] {
            _ = try await world.store.accept([Samples.change(revision)], advancing: nil)
            _ = try await world.store.classify(limit: 10, planner: planner)
            world.clock.advance(by: Self.quiet)
            #expect(try await world.store.fireQuietTimes(limit: 10, planner: planner).buildsets.count == 1)
        }
        let changes = try await world.store.events(.buildsetCreated).map { try $0.chains().changes?.count }
        #expect(changes == [1, 1, 1])
    }

    func branchesAreApart() async throws {
        let (world, planner) = try await scheduled(
            Samples.configuration(quiet: Self.quiet, filter: ChangeFilter()))
        _ = try await world.store.accept([Samples.change("1"), Samples.change("2", branch: "topic")], advancing: nil)
        _ = try await world.store.classify(limit: 10, planner: planner)
        world.clock.advance(by: Self.quiet)
        let first = try await world.store.fireQuietTimes(limit: 1, planner: planner)
        #expect(first.taken == 1)
        #expect(first.nextDue != nil)
        #expect(try await world.store.fireQuietTimes(limit: 1, planner: planner).buildsets.count == 1)
        let branches = try await world.store.events(.buildsetCreated).map { try $0.fact(BuildsetFact.self).branch }
        #expect(branches.sorted() == ["main", "topic"])
    }

    func unimportantChanges() async throws {
        let (world, planner) = try await scheduled(
            Samples.configuration(quiet: Self.quiet, filter: ChangeFilter(ignoreFiles: [Glob("docs/**")])))
        let store = world.store
        _ = try await store.accept([Samples.change("1", files: ["docs/a.md"])], advancing: nil)
        #expect(try await store.classify(limit: 10, planner: planner).nextDue == nil)
        world.clock.advance(by: .seconds(3600))
        #expect(try await store.fireQuietTimes(limit: 10, planner: planner).taken == 0)
        _ = try await store.accept([Samples.change("2", files: ["Sources/a.swift"])], advancing: nil)
        _ = try await store.classify(limit: 10, planner: planner)
        world.clock.advance(by: Self.quiet)
        #expect(try await store.fireQuietTimes(limit: 10, planner: planner).buildsets.count == 1)
        let created = try #require(try await store.events(.buildsetCreated).first)
        #expect(try created.chains().changes?.count == 2)
    }

    func ruleIsGone() async throws {
        let (world, planner) = try await scheduled(Samples.configuration(quiet: Self.quiet))
        _ = try await world.store.accept([Samples.change("1")], advancing: nil)
        _ = try await world.store.classify(limit: 10, planner: planner)
        world.clock.advance(by: Self.quiet)
        _ = try await world.store.apply(Configuration(project: "demo"), digest: Samples.digest(77))
        // A process that has not heard of it decides by it all the same.
        #expect(try await world.store.fireQuietTimes(limit: 10, planner: planner) == SchedulingResult(taken: 1, buildsets: []))
        #expect(try await world.store.fireQuietTimes(limit: 10, planner: planner) == SchedulingResult(taken: 0, buildsets: []))
    }

    func ruleIsNew() async throws {
        let (world, _) = try await scheduled(Samples.configuration(quiet: Self.quiet))
        _ = try await world.store.accept([Samples.change("1")], advancing: nil)
        // A process that does not know the rule yet classifies, and fires.
        let old = Planner(configuration: Configuration(project: "demo"))
        #expect(try await world.store.classify(limit: 10, planner: old).taken == 1)
        world.clock.advance(by: Self.quiet)
        #expect(try await world.store.fireQuietTimes(limit: 10, planner: old).buildsets.count == 1)
    }
}
