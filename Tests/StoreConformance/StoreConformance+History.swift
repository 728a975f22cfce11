import Domain
import Storage
import Testing

extension StoreConformance where S: Store {
    public static var historyRules: [Rule] {
        (1...6).map { seed in
            Rule("whatever happens (seed \(seed)), every request ends once and no entity's events have a hole") { try await $0.history(UInt64(seed)) }
        }
    }

    func history(_ seed: UInt64) async throws {
        var history = try await RandomHistory(self, seed: seed)
        for _ in 0..<150 { try await history.step() }
        try await history.settle()
        let store = history.world.store
        let events = try await store.everyEvent()
        expectContiguousVersions(events)
        let created = Set(events.filter { $0.kind == .requestCreated }.map(\.entityID))
        let finished = events.filter { $0.kind == .requestFinished }.map(\.entityID)
        #expect(Set(finished) == created)
        #expect(finished.count == created.count)
        let buildsets = events.filter { $0.kind == .buildsetFinished }.map(\.entityID)
        #expect(Set(buildsets).count == buildsets.count)
        #expect(Set(buildsets) == Set(events.filter { $0.kind == .buildsetCreated }.map(\.entityID)))
        let assigned = events.filter { $0.kind == .buildAssigned }.map(\.entityID)
        #expect(Set(assigned).count == assigned.count)
        #expect(Set(events.filter { $0.kind == .buildFinished || $0.kind == .buildLost }.map(\.entityID)) == Set(assigned))
        let work = try await store.openWork()
        #expect(work == OpenWork(unclassified: false, quiet: false, pendingRequests: false, openBuilds: false, access: work.access))
        for build in try await store.builds(PageQuery(BuildFields(), limit: 1000)) {
            let logs = try await store.logs(of: build.id)
            #expect(logs.filter { !$0.closed }.isEmpty)
            #expect(try await store.steps(of: build.id).allSatisfy { $0.fact.phase == .finished })
        }
    }
}

/// Workers, people and time, doing one thing or another.
private struct RandomHistory<S: Store> {
    let world: World<S>
    private var random: SeededRandom
    private var workers: [WorkerDouble<S>] = []
    private var held: [BuildID: Assignment] = [:]
    private var sizes: [BuildID: [UInt8]] = [:]
    private var requests: [RequestID] = []
    private var incarnations = 0
    private var keys = 0

    init(_ conformance: StoreConformance<S>, seed: UInt64) async throws {
        random = SeededRandom(seed: seed)
        (world, _) = try await conformance.scheduled(
            Samples.configuration(builders: [Samples.builder("test"), Samples.builder("docs", attempts: 2)]))
        for number in 0..<3 { workers.append(try await WorkerDouble(world.store, "w\(number)", incarnation: "first", slots: 3)) }
    }

    mutating func step() async throws {
        let worker = Int.random(in: 0..<workers.count, using: &random)
        switch Int.random(in: 0..<20, using: &random) {
        case 0..<4: try await force()
        case 4..<8: try await claim(worker)
        case 8..<14: try await report(worker)
        case 14, 15: try await append(worker)
        case 16:
            if let request = requests.randomElement(using: &random) { _ = try await world.store.cancelRequest(request, reason: "not wanted") }
        case 17: try await restart(worker)
        case 18:
            let since = world.clock.now()
            world.clock.advance(by: .seconds(Int.random(in: 1...40, using: &random)))
            _ = try await world.store.expireLeases(reachableSince: since, limit: Int.random(in: 1...3, using: &random))
        default: try await world.store.setWorkerPaused(workers[worker].session.worker, paused: Bool.random(using: &random))
        }
    }

    private mutating func force() async throws {
        let builder = Bool.random(using: &random) ? "test" : "docs"
        let priority = Int.random(in: 0...2, using: &random)
        requests.append(try await world.store.force(Samples.force(builder, priority: priority), idempotency: nil).request)
    }

    private mutating func claim(_ worker: Int) async throws {
        let mine = held.values.filter { $0.session == workers[worker].session.id }
        let forgets = Int.random(in: 0..<4, using: &random) == 0
        for build in try await workers[worker].claim(Int.random(in: 1...3, using: &random), holding: forgets ? [] : mine) {
            held[build.build] = build
        }
    }

    /// Several reports at once, some of them repeated, out of order or about builds that are gone.
    private mutating func report(_ worker: Int) async throws {
        var reports: [BuildReport] = []
        for _ in 0..<Int.random(in: 1...5, using: &random) {
            guard let build = held.values.sorted(by: { $0.build < $1.build }).randomElement(using: &random) else { return }
            keys += Int.random(in: 0...1, using: &random)
            let bytes = sizes[build.build]
            let end = BuildEnd(
                outcome: [.success, .failure, .exception].randomElement(using: &random) ?? .success,
                cause: [nil, .drained].randomElement(using: &random) ?? nil, logs: bytes.map { [.of($0)] } ?? [])
            let contents: [BuildReport.Content] = [
                .accept, .accept, .renew, .stepStarted(StepStart(number: 1, attempt: Int.random(in: 1...3, using: &random))),
                .stepFinished(StepEnd(number: 1, outcome: .success, durationMilliseconds: 1)), .finish(end),
            ]
            let content = contents.randomElement(using: &random) ?? .renew
            reports.append(
                BuildReport(
                    key: "\(keys)", build: build.build, session: Bool.random(using: &random) ? build.session : workers[worker].session.id,
                    fence: build.fence, content: content))
        }
        let answers = try await world.store.apply(reports)
        #expect(answers.count == reports.count)
    }

    private mutating func append(_ worker: Int) async throws {
        guard let build = held.values.sorted(by: { $0.build < $1.build }).randomElement(using: &random) else { return }
        let known = sizes[build.build] ?? []
        let more = (0..<Int.random(in: 1...50, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
        let owner = workers.first { $0.session.id == build.session }
        guard case .accepted(let size, true)? = try await owner?.append(build, at: Int64(known.count), more) else { return }
        sizes[build.build] = known + more
        #expect(size == Int64(known.count + more.count))
    }

    private mutating func restart(_ worker: Int) async throws {
        incarnations += 1
        let old = workers[worker].session
        let opened = try await WorkerDouble(world.store, old.worker, incarnation: "\(incarnations)", slots: 3)
        workers[worker] = opened
        held = held.filter { $0.value.session != old.id }
    }

    /// Lets everything come to its end.
    mutating func settle() async throws {
        for worker in workers { try await world.store.setWorkerPaused(worker.session.worker, paused: false) }
        for round in 0..<1000 {
            for worker in workers {
                let builds = try await worker.claim()
                try await worker.accept(builds)
                for build in builds { _ = try await worker.tell(build, .finish(BuildEnd(outcome: .success)), key: "end \(round)") }
            }
            let since = world.clock.now()
            world.clock.advance(by: .seconds(31))
            _ = try await world.store.expireLeases(reachableSince: since, limit: 100)
            let open = try await world.store.openWork()
            if !open.pendingRequests, !open.openBuilds { return }
        }
        Issue.record("the history does not come to an end")
    }
}
