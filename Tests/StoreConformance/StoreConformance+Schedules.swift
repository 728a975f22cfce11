import Domain
import Storage
import Testing

extension StoreConformance where S: Store {
    public static var scheduleRules: [Rule] {
        [
            Rule("a rule of the clock fires when it is due, once, with the newest change of its branch") { try await $0.firesOnce() },
            Rule("replicas that look at once fire a rule once") { try await $0.firesOnceTogether() },
            Rule("missed times are made up for by one, or skipped, as the rule says") { try await $0.missedTimes() },
            Rule("a rule that builds only what is new builds nothing twice") { try await $0.onlyIfChanged() },
            Rule("without a change on the branch nothing is built, and it is said") { try await $0.nothingKnown() },
            Rule("a time zone that a machine does not know is said, and asked for again") { try await $0.unknownZone() },
            Rule("the clock builds no pull request and nothing that is untrusted") { try await $0.onlyTrusted() },
            Rule("another schedule begins anew; a rule that is gone does not fire") { try await $0.otherSchedule() },
        ]
    }

    private static func zone(_ name: String) -> ZoneRule? { name == "UTC" ? .utc : nil }

    private static func configuration(
        _ timing: Schedule.Timing, branch: String = "main", onlyIfChanged: Bool = false, missed: Schedule.Missed = .once
    ) -> Configuration {
        let schedule = Schedule(timing: timing, branch: branch, onlyIfChanged: onlyIfChanged, missed: missed)
        return Configuration(
            project: "demo", schedulers: [SchedulerRule(name: "clock", kind: .periodic, builders: ["test"], schedule: schedule)],
            builders: [Samples.builder("test")])
    }

    private func clocked(_ configuration: Configuration) async throws -> World<S> {
        let (world, planner) = try await scheduled(configuration)
        _ = try await world.store.accept([Samples.change("1"), Samples.change("2"), Samples.change("x", branch: "topic")], advancing: nil)
        // No change starts such a rule.
        #expect(try await world.store.classify(limit: 10, planner: planner).buildsets.isEmpty)
        return world
    }

    private func fire(_ world: World<S>) async throws -> SchedulingResult { try await world.store.fireSchedules(zone: { Self.zone($0) }) }

    func firesOnce() async throws {
        let world = try await clocked(Self.configuration(.every(.seconds(60))))
        let start = try await world.store.now()
        let armed = try await fire(world)
        #expect(armed.buildsets.isEmpty && armed.nextDue == start.advanced(by: .seconds(60)))
        world.clock.advance(by: .seconds(59))
        #expect(try await fire(world).buildsets.isEmpty)
        world.clock.advance(by: .seconds(3))
        let fired = try await fire(world)
        #expect(fired.buildsets.count == 1 && fired.nextDue == start.advanced(by: .seconds(120)))
        #expect(try await fire(world).buildsets.isEmpty)
        let made = try #require(fired.buildsets.first)
        let buildset = try #require(try await world.store.buildset(made))
        #expect(buildset.scheduler == "clock" && buildset.stamp.revision == "2" && buildset.changes.count == 1)
        let events = try await world.store.everyEvent()
        expectContiguousVersions(events)
        #expect(events.count { $0.kind == .schedulerFired } == 1)
    }

    func firesOnceTogether() async throws {
        let world = try await clocked(Self.configuration(.every(.seconds(60))))
        _ = try await fire(world)
        for _ in 0..<5 {
            world.clock.advance(by: .seconds(60))
            let made = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<4 { group.addTask { try await fire(world).buildsets.count } }
                return try await group.reduce(0, +)
            }
            #expect(made == 1)
        }
    }

    func missedTimes() async throws {
        for (missed, made) in [(Schedule.Missed.once, 1), (.skip, 0)] {
            let world = try await clocked(Self.configuration(.cron(try CronExpression("0 * * * *"), zone: "UTC"), missed: missed))
            _ = try await fire(world)
            world.clock.advance(by: .seconds(5 * 3600 + 120))
            let due = try await fire(world)
            #expect(due.buildsets.count == made)
            let next = try #require(due.nextDue)
            let now = try await world.store.now()
            #expect(next > now)
            // In time again.
            world.clock.advance(by: next.since(now))
            #expect(try await fire(world).buildsets.count == 1)
        }
    }

    func onlyIfChanged() async throws {
        let world = try await clocked(Self.configuration(.every(.seconds(60)), onlyIfChanged: true))
        _ = try await fire(world)
        var made: [Int] = []
        for round in 0..<4 {
            if round == 2 { _ = try await world.store.accept([Samples.change("3")], advancing: nil) }
            world.clock.advance(by: .seconds(60))
            made.append(try await fire(world).buildsets.count)
        }
        #expect(made == [1, 0, 1, 0])
    }

    func nothingKnown() async throws {
        let world = try await clocked(Self.configuration(.every(.seconds(60)), branch: "none"))
        _ = try await fire(world)
        world.clock.advance(by: .seconds(60))
        let result = try await fire(world)
        #expect(result.buildsets.isEmpty && result.unable == ["clock: no change on branch none is known yet"])
        _ = try await world.store.accept([Samples.change("n", branch: "none")], advancing: nil)
        world.clock.advance(by: .seconds(60))
        #expect(try await fire(world).buildsets.count == 1)
    }

    func otherSchedule() async throws {
        let world = try await clocked(Self.configuration(.every(.seconds(60))))
        _ = try await fire(world)
        world.clock.advance(by: .seconds(30))
        _ = try await world.store.apply(Self.configuration(.every(.seconds(45))), digest: Samples.digest(2))
        let now = try await world.store.now()
        #expect(try await fire(world).nextDue == now.advanced(by: .seconds(45)))
        world.clock.advance(by: .seconds(40))
        #expect(try await fire(world).buildsets.isEmpty)
        world.clock.advance(by: .seconds(5))
        #expect(try await fire(world).buildsets.count == 1)
        _ = try await world.store.apply(Samples.configuration(), digest: Samples.digest(3))
        world.clock.advance(by: .seconds(600))
        let gone = try await fire(world)
        #expect(gone.buildsets.isEmpty && gone.nextDue == nil)
        // Back again, it does not make up for the time that it was gone.
        _ = try await world.store.apply(Self.configuration(.every(.seconds(45))), digest: Samples.digest(4))
        let again = try await world.store.now()
        let back = try await fire(world)
        #expect(back.buildsets.isEmpty && back.nextDue == again.advanced(by: .seconds(45)))
    }

    func unknownZone() async throws {
        let expression = try #require(try? CronExpression("* * * * *"))
        let world = try await clocked(Self.configuration(.cron(expression, zone: "UTC")))
        _ = try await fire(world)
        world.clock.advance(by: .seconds(61))
        let elsewhere = try await world.store.fireSchedules(zone: { _ in nil })
        // What was due is built; when the next one is, this machine cannot say, and asks again before long.
        let now = try await world.store.now()
        #expect(elsewhere.buildsets.count == 1 && elsewhere.nextDue == now.advanced(by: .seconds(3600)))
        #expect(elsewhere.unable.count == 1 && elsewhere.unable[0].contains("UTC is not known on this machine"))
    }

    func onlyTrusted() async throws {
        let world = try await clocked(Self.configuration(.every(.seconds(60))))
        var stranger = Samples.change("evil")
        stranger.properties[PullProperty.untrusted] = true
        var pull = Samples.change("pull")
        pull.category = PullProperty.category
        _ = try await world.store.accept([stranger, pull], advancing: nil)
        _ = try await fire(world)
        world.clock.advance(by: .seconds(61))
        let made = try #require(try await fire(world).buildsets.first)
        #expect(try await world.store.buildset(made)?.stamp.revision == "2")
    }
}
