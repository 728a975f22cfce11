import Domain
import Storage
import Testing

extension StoreConformance where S: Store {
    public static var deadlineRules: [Rule] {
        [
            Rule("a request that no build has begun by its deadline ends as cancelled, with the reason, an event, and its buildset") {
                try await $0.deadlineEnds()
            },
            Rule("the next deadline is told, and one that was begun has none") { try await $0.nextDeadline() },
            Rule("a request that has begun is not ended by its deadline, also when it waits again") { try await $0.begunIsKept() },
            Rule("a request whose deadline has passed is given to nobody, also where projects have shares") { try await $0.lateIsGivenToNobody() },
            Rule("a request whose worker was lost before it accepted still has its deadline") { try await $0.unacceptedIsJudgedAgain() },
            Rule("a sweep finds requests with a deadline that wait") { try await $0.sweepFindsDeadlines() },
            Rule("one that waits for others ends at its deadline too, and what needs it is skipped, or released") {
                try await $0.deadlineOfWaiting()
            },
            Rule("no more than asked for end at once, the first due first") { try await $0.deadlineBatches() },
        ]
    }

    private static func builder(_ name: String, deadline: Duration?, needs: Need...) -> Builder {
        var builder = Samples.builder(name)
        (builder.deadline, builder.needs) = (deadline, needs)
        return builder
    }

    private func world(_ builders: Builder...) async throws -> World<S> {
        try await scheduled(Samples.configuration(builders: builders, uses: [builders[0].name])).0
    }

    func deadlineEnds() async throws {
        let world = try await world(Self.builder("test", deadline: .seconds(60)), Samples.builder("free"))
        let receipt = try await world.store.force(Samples.force(), idempotency: nil)
        let free = try await world.store.force(Samples.force("free"), idempotency: nil)
        let deadline = world.clock.now().advanced(by: .seconds(60))
        #expect(try await world.store.request(receipt.request)?.deadline == deadline)
        #expect(try await world.store.request(free.request)?.deadline == nil)
        world.clock.advance(by: .milliseconds(59_999))
        let events = try await world.store.everyEvent().count
        #expect(try await world.store.endOverdue(limit: 10) == DeadlineResult(ended: 0, nextDue: deadline))
        #expect(try await world.store.everyEvent().count == events)
        world.clock.advance(by: .milliseconds(1))
        #expect(try await world.store.endOverdue(limit: 10) == DeadlineResult(ended: 1, nextDue: nil))
        #expect(try await world.store.endOverdue(limit: 10) == DeadlineResult(ended: 0, nextDue: nil), "a repeat ends nothing")
        let request = try #require(try await world.store.request(receipt.request))
        #expect(request.outcome == .cancelled && request.cause == .cancelled)
        #expect(request.text.contains("deadline"))
        #expect(try await world.store.buildset(receipt.buildset)?.outcome == .cancelled)
        let told = try await world.store.everyEvent().dropFirst(events).map(\.kind)
        #expect(told == [.requestCancelled, .requestFinished, .buildsetFinished])
        #expect(try await world.store.request(free.request)?.phase == .pending)
    }

    func nextDeadline() async throws {
        let world = try await world(Self.builder("test", deadline: .seconds(60)), Self.builder("slow", deadline: .seconds(600)))
        _ = try await world.store.force(Samples.force("slow"), idempotency: nil)
        _ = try await world.store.force(Samples.force(), idempotency: nil)
        let now = world.clock.now()
        #expect(try await world.store.endOverdue(limit: 10).nextDue == now.advanced(by: .seconds(60)))
        let worker = try await WorkerDouble(world.store)
        let builds = try await worker.claim()
        #expect(builds.count == 2)
        #expect(try await world.store.endOverdue(limit: 10).nextDue == nil)
    }

    func begunIsKept() async throws {
        let world = try await world(Self.builder("test", deadline: .seconds(60)))
        let request = try await world.store.force(Samples.force(), idempotency: nil).request
        let worker = try await WorkerDouble(world.store)
        try await worker.accept(worker.claim())
        _ = try await world.store.endSession(worker.session.id, lost: true, reason: "gone")
        #expect(try await world.store.request(request)?.phase == .pending)
        world.clock.advance(by: .seconds(3600))
        #expect(try await world.store.endOverdue(limit: 10) == DeadlineResult(ended: 0, nextDue: nil))
        #expect(try await world.store.request(request)?.phase == .pending)
        #expect(try await world.store.why(request)?.deadline == nil)
        #expect(try await WorkerDouble(world.store, "w2").claim().map(\.request) == [request])
    }

    func lateIsGivenToNobody() async throws {
        for projects in [[], [ProjectRule(name: "demo", share: 2, longestWait: .seconds(1))]] {
            var configuration = Samples.configuration(
                builders: [Self.builder("test", deadline: .seconds(60)), Samples.builder("free")], uses: ["test"])
            configuration.projects = projects
            let (world, _) = try await scheduled(configuration)
            let late = try await world.store.force(Samples.force(priority: 9), idempotency: nil).request
            world.clock.advance(by: .seconds(1))
            let next = try await world.store.force(Samples.force(), idempotency: nil).request
            let free = try await world.store.force(Samples.force("free"), idempotency: nil).request
            let deadline = world.clock.now().advanced(by: .seconds(59))
            #expect(try await world.store.why(late)?.deadline == .ahead(deadline))
            world.clock.advance(by: .seconds(59))
            let worker = try await WorkerDouble(world.store, slots: 3)
            let held = try await worker.claim()
            #expect(Set(held.map(\.request)) == [next, free])
            #expect(try await world.store.why(late)?.deadline == .passed(deadline))
            #expect(try await worker.claim(holding: held).isEmpty)
            #expect(try await world.store.endOverdue(limit: 10).ended == 1)
            #expect(try await world.store.request(late)?.outcome == .cancelled)
        }
    }

    func unacceptedIsJudgedAgain() async throws {
        let world = try await world(Self.builder("test", deadline: .seconds(60)))
        let request = try await world.store.force(Samples.force(), idempotency: nil).request
        let deadline = world.clock.now().advanced(by: .seconds(60))
        let worker = try await WorkerDouble(world.store)
        #expect(try await worker.claim().count == 1)
        _ = try await world.store.endSession(worker.session.id, lost: true, reason: "gone")
        #expect(try await world.store.endOverdue(limit: 10) == DeadlineResult(ended: 0, nextDue: deadline))
        #expect(try await world.store.why(request)?.deadline == .ahead(deadline))
        world.clock.advance(by: .seconds(60))
        #expect(try await WorkerDouble(world.store, "w2").claim().isEmpty)
        #expect(try await world.store.endOverdue(limit: 10) == DeadlineResult(ended: 1, nextDue: nil))
        #expect(try await world.store.request(request)?.outcome == .cancelled)
    }

    func sweepFindsDeadlines() async throws {
        let world = try await world(Self.builder("test", deadline: .seconds(60)), Samples.builder("free"))
        _ = try await world.store.force(Samples.force("free"), idempotency: nil)
        #expect(try await !world.store.openWork().deadlines)
        let request = try await world.store.force(Samples.force(), idempotency: nil).request
        #expect(try await world.store.openWork().deadlines)
        let worker = try await WorkerDouble(world.store)
        let builds = try await worker.claim()
        #expect(try await !world.store.openWork().deadlines, "somebody has it")
        try await worker.accept(builds)
        for build in builds { try await worker.finish(build) }
        #expect(try await world.store.request(request)?.outcome == .success)
        #expect(try await !world.store.openWork().deadlines)
    }

    func deadlineOfWaiting() async throws {
        let world = try await world(
            Samples.builder("test"), Self.builder("deploy", deadline: .seconds(60), needs: Need(builder: "test")),
            Self.builder("announce", deadline: nil, needs: Need(builder: "deploy")),
            Self.builder("report", deadline: nil, needs: Need(builder: "deploy", outcomes: Set(Outcome.allCases))))
        var force = Samples.force()
        force.others = ["deploy", "announce", "report"]
        let buildset = try await world.store.force(force, idempotency: nil).buildset
        world.clock.advance(by: .seconds(61))
        #expect(try await world.store.endOverdue(limit: 10).ended == 1)
        var fields = RequestFields()
        fields.buildset = buildset
        let requests = try await world.store.requests(PageQuery(fields, ascending: true, limit: 10))
        #expect(requests.map(\.outcome) == [nil, .cancelled, .skipped, nil])
        #expect(requests.map(\.phase) == [.pending, .finished, .finished, .pending])
    }

    func deadlineBatches() async throws {
        let world = try await world(Self.builder("test", deadline: .seconds(60)))
        var requests: [RequestID] = []
        for _ in 0..<5 {
            requests.append(try await world.store.force(Samples.force(), idempotency: nil).request)
            world.clock.advance(by: .seconds(1))
        }
        world.clock.advance(by: .seconds(58))
        #expect(try await world.store.endOverdue(limit: 2).ended == 2)
        #expect(try await world.store.request(requests[1])?.phase == .finished)
        #expect(try await world.store.endOverdue(limit: 10) == DeadlineResult(ended: 2, nextDue: world.clock.now().advanced(by: .seconds(1))))
        #expect(try await world.store.request(requests[4])?.phase == .pending)
    }
}
