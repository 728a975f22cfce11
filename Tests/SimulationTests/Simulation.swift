import Domain
import Storage
import StoreConformance
import TestSupport
import Testing

/// Many services and workers on one store, with faults and time injected, all from one seed (FoundationDB and TigerBeetle test themselves so). Services hold no
/// state between their calls, so a replica that is killed, late or doubled shows only as a call that is not made, or made and its answer lost.
struct Simulation<S: Store>: ~Copyable {
    /// What becomes of one call of a service.
    enum Fate {
        case answered
        /// The caller died before its transaction.
        case neverMade
        /// The transaction committed; the caller died before it heard.
        case answerLost
    }

    let store: S
    let clock: ManualStoreClock
    let seed: UInt64
    let lease = LeaseRule()
    private(set) var random: SeededRandom
    private(set) var workers: [SimulatedWorker]
    /// Submissions that a client still repeats, by key.
    private var outstanding: [String: NewChange] = [:]
    private(set) var accepted: [String: ChangeID] = [:]
    /// What every finished build's log has to hold.
    private(set) var logs: [BuildID: [UInt8]] = [:]
    private(set) var acknowledged: [BuildID: Int64] = [:]
    /// What each build's worker says of it in the end.
    private(set) var outcomes: [BuildID: Outcome] = [:]
    private var submitted = 0
    private var assigned: [BuildID: Timestamp] = [:]
    private var reachableSince: Timestamp
    private let planner: Planner
    private let configuration: Configuration

    /// Every other history has limits and locks.
    static func configuration(bounded: Bool) -> Configuration {
        var configuration = unbounded
        guard bounded else { return configuration }
        configuration.locks = [Lock(name: "db", count: 2)]
        configuration.limit = 5
        configuration.builders[0].locks = [LockUse("db", .counting)]
        configuration.builders[1].locks = [LockUse("db")]
        configuration.builders += ["wide", "narrow"].map { Samples.builder($0, attempts: 1000) }
        configuration.builders[3].limit = 2
        configuration.schedulers[0].builders += ["wide", "narrow"]
        return configuration
    }

    private static var unbounded: Configuration {
        Configuration(
            project: "demo",
            schedulers: [
                SchedulerRule(name: "each", kind: .anyBranch, builders: ["fast", "slow"]),
                // It asks for what the first asks for: one build answers both.
                SchedulerRule(name: "again", kind: .anyBranch, builders: ["fast"], priority: 2),
                SchedulerRule(
                    name: "settled", kind: .branch, filter: ChangeFilter(branches: [Glob("main")]), quiet: .seconds(5), builders: ["fast"],
                    priority: 5),
            ],
            builders: [Samples.builder("fast", attempts: 1000), Samples.builder("slow", attempts: 1000)])
    }

    init(store: S, clock: ManualStoreClock, seed: UInt64) async throws {
        self.store = store
        self.clock = clock
        self.seed = seed
        random = SeededRandom(seed: seed)
        workers = (1...4).map { SimulatedWorker("w\($0)", now: clock.now()) }
        reachableSince = clock.now()
        configuration = Self.configuration(bounded: seed.isMultiple(of: 2))
        planner = Planner(configuration: configuration)
        _ = try await store.apply(configuration, digest: Samples.digest(1))
    }

    mutating func run(steps: Int, changes: Int) async throws {
        for _ in 0..<steps { try await step(faults: true, submitting: submitted < changes) }
        try await settle()
    }

    /// The faults end, nobody rings: what is left must be found by the sweep and come to its end.
    private mutating func settle() async throws {
        for _ in 0..<4000 {
            try await step(faults: false, submitting: false)
            let work = try await store.openWork()
            if outstanding.isEmpty, !work.unclassified, !work.quiet, !work.pendingRequests, !work.openBuilds { return }
            clock.advance(by: .milliseconds(200))
        }
        Issue.record("seed \(seed): work is left that nobody finds: \(try await store.openWork())")
    }

    private mutating func step(faults: Bool, submitting: Bool) async throws {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<14: try await submit(new: submitting, fate(faults))
        case 14..<26: try await classify(fate(faults))
        case 26..<34: try await fire(fate(faults))
        case 34..<52: try await match(fate(faults))
        case 52..<84: try await work(fate(faults))
        case 84..<91: try await sweep(fate(faults))
        case 91..<93: try await cancel(fate(faults))
        case 93..<96: if faults { await killWorker() }
        default: passTime(faults)
        }
    }

    private mutating func fate(_ faults: Bool) -> Fate {
        guard faults else { return .answered }
        return switch Int.random(in: 0..<10, using: &random) {
        case 0: .neverMade
        case 1: .answerLost
        default: .answered
        }
    }

    private mutating func submit(new: Bool, _ fate: Fate) async throws {
        if new, Bool.random(using: &random) {
            submitted += 1
            let branch = Bool.random(using: &random) ? "main" : "next"
            outstanding["key-\(submitted)"] = Samples.commit("\(submitted)", branch: branch, key: "key-\(submitted)")
        }
        // A few at once, in an order of the network's choosing; the client repeats until it is answered.
        let keys = outstanding.keys.sorted().shuffled(using: &random).prefix(3)
        guard !keys.isEmpty, fate != .neverMade else { return }
        let receipts = try await store.accept(keys.compactMap { outstanding[$0] }, advancing: nil)
        guard fate == .answered else { return }
        for (key, receipt) in zip(keys, receipts) {
            if let earlier = accepted[key] { #expect(earlier == receipt.id, "seed \(seed): \(key) was accepted twice") }
            accepted[key] = receipt.id
            outstanding[key] = nil
        }
    }

    private mutating func classify(_ fate: Fate) async throws {
        guard fate != .neverMade else { return }
        _ = try await store.classify(limit: Int.random(in: 1...5, using: &random), planner: planner)
    }

    private mutating func fire(_ fate: Fate) async throws {
        guard fate != .neverMade else { return }
        _ = try await store.fireQuietTimes(limit: Int.random(in: 1...3, using: &random), planner: planner)
    }

    private mutating func match(_ fate: Fate) async throws {
        var offers: [SlotOffer] = []
        for index in workers.indices where Bool.random(using: &random) {
            if workers[index].session == nil {
                let opened = try await store.openSession(workers[index].opening)
                workers[index].session = opened.session
            }
            workers[index].lastHeard = clock.now()
            if let session = workers[index].session { offers.append(workers[index].offer(session)) }
        }
        guard !offers.isEmpty, fate != .neverMade else { return }
        let assignments = try await store.match(offers).assignments
        try await expectBounds()
        for assignment in assignments {
            expectFree(assignment)
            // One that is handed out again, after an answer was lost, runs since it was assigned.
            if assigned[assignment.build] == nil { assigned[assignment.build] = clock.now() }
        }
        guard fate == .answered else { return }
        for assignment in assignments {
            guard let index = workers.firstIndex(where: { $0.session?.id == assignment.session }) else { continue }
            workers[index].held[assignment.build] = SimulatedWorker.Held(
                assignment: assignment, renewed: assigned[assignment.build] ?? clock.now())
        }
    }

    /// No limit and no lock is exceeded, whoever was killed, late or doubled.
    private func expectBounds() async throws {
        guard configuration.limit != nil else { return }
        var open: [String: Int] = [:]
        for phase in [BuildPhase.assigned, .running] {
            var fields = BuildFields()
            fields.phase = phase
            for build in try await store.builds(PageQuery(fields, limit: 100)) { open[build.builder, default: 0] += 1 }
        }
        let (counting, exclusive) = (open["fast"] ?? 0, open["slow"] ?? 0)
        #expect(
            open.values.reduce(0, +) <= 5 && open["narrow"] ?? 0 <= 2 && exclusive <= 1 && counting <= 2 && (exclusive == 0 || counting == 0),
            "seed \(seed): \(open)")
    }

    /// No other living worker holds the request while its lease runs: no build is done twice.
    private func expectFree(_ assignment: Assignment) {
        for worker in workers where worker.session?.id != assignment.session {
            for held in worker.held.values where held.assignment.request == assignment.request {
                let end = lease.end(renewed: held.renewed, reachableSince: reachableSince)
                #expect(
                    end <= clock.now(),
                    "seed \(seed): request \(assignment.request) was given to \(assignment.worker) while \(worker.name) held it")
            }
        }
    }

    /// One worker says the next thing about one of its builds, or sends more of its log.
    private mutating func work(_ fate: Fate) async throws {
        let busy = workers.indices.filter { !workers[$0].held.isEmpty }
        guard let index = busy.randomElement(using: &random), let build = workers[index].held.keys.sorted().randomElement(using: &random),
            var held = workers[index].held[build]
        else { return }
        workers[index].lastHeard = clock.now()
        if !held.saidStepEnd, held.progress == .stepStarted || held.progress == .logged, Bool.random(using: &random) {
            try await sendLog(&held, fate)
            if workers[index].held[build] != nil { workers[index].held[build] = held }
            return
        }
        guard fate != .neverMade else { return }
        // A worker finishes only what it has sent whole.
        if held.progress == .stepFinished, held.acknowledged < held.output.count {
            try await sendLog(&held, fate)
            workers[index].held[build] = held
            return
        }
        if held.progress == .stepStarted || held.progress == .logged { workers[index].held[build]?.saidStepEnd = true }
        let outcome: Outcome = build.rawValue.isMultiple(of: 5) ? .failure : .success
        outcomes[build] = outcome
        let report = workers[index].report(held, outcome: outcome)
        // Sometimes twice in one batch: a repeat gets the first answer.
        let repeats = Int.random(in: 0..<8, using: &random) == 0
        let answers = try await store.apply(repeats ? [report, report] : [report])
        if repeats { #expect(answers.first?.verdict == answers.last?.verdict, "seed \(seed): a repeat was judged otherwise") }
        guard fate == .answered, let answer = answers.first else { return }
        settle(answer, of: held, at: index)
    }

    private mutating func settle(_ answer: ReportAnswer, of held: SimulatedWorker.Held, at index: Int) {
        let build = held.assignment.build
        switch answer.verdict {
        case .applied:
            let next = held.progress == .stepStarted ? .stepFinished : SimulatedWorker.Held.Progress(rawValue: held.progress.rawValue + 1)
            if let next {
                workers[index].held[build]?.progress = next
                workers[index].held[build]?.renewed = clock.now()
            } else {
                logs[build] = held.output
                workers[index].held[build] = nil
            }
        case .stale, .notFound:
            workers[index].held[build] = nil
        case .invalid(let why):
            Issue.record("seed \(seed): a sound report was refused: \(why)")
            workers[index].held[build] = nil
        case .logsIncomplete(let sizes):
            workers[index].held[build]?.acknowledged = sizes[SimulatedWorker.logName] ?? 0
        }
    }

    private mutating func sendLog(_ held: inout SimulatedWorker.Held, _ fate: Fate) async throws {
        if held.progress != .stepFinished {
            held.output += (0..<Int.random(in: 1...40, using: &random)).map { UInt8(truncatingIfNeeded: held.output.count + $0) }
            held.progress = .logged
        }
        guard fate != .neverMade else { return }
        // Sometimes from an earlier place, as after an answer that was lost.
        let start = Bool.random(using: &random) ? held.acknowledged : 0
        let bytes = Array(held.output[Int(start)...])
        guard !bytes.isEmpty else { return }
        let append = LogAppend(
            build: held.assignment.build, session: held.assignment.session, fence: held.assignment.fence, name: SimulatedWorker.logName, step: 1,
            offset: start, bytes: bytes)
        let answer = try await store.appendLog(append)
        guard fate == .answered else { return }
        switch answer {
        case .accepted(let size, _):
            held.acknowledged = size
            acknowledged[held.assignment.build] = max(acknowledged[held.assignment.build] ?? 0, size)
        case .gap(let size): held.acknowledged = size
        // The next report says so too, and then the worker forgets the build.
        case .stale, .notFound: break
        }
    }

    private mutating func sweep(_ fate: Fate) async throws {
        guard fate != .neverMade else { return }
        let now = clock.now()
        _ = try await store.expireLeases(reachableSince: reachableSince, limit: 10)
        guard now >= reachableSince.advanced(by: lease.period) else { return }
        for index in workers.indices {
            guard let session = workers[index].session, now >= max(workers[index].lastHeard, reachableSince).advanced(by: lease.period) else {
                continue
            }
            _ = try await store.endSession(session.id, lost: true, reason: "not heard of")
            // Its next call tells it that the session is over.
            workers[index].session = nil
            workers[index].incarnation += 1
            workers[index].held = [:]
        }
    }

    /// kill -9: what it held in memory is gone, its steps too, and its next start is another incarnation.
    private mutating func killWorker() async {
        guard let index = workers.indices.randomElement(using: &random) else { return }
        workers[index].held = [:]
        workers[index].session = nil
        workers[index].incarnation += 1
    }

    /// Somebody wants one of the last requests no more, or one of the last builds.
    private mutating func cancel(_ fate: Fate) async throws {
        guard fate != .neverMade else { return }
        if Int.random(in: 0..<4, using: &random) == 0 {
            let builds = try await store.builds(PageQuery(BuildFields(), limit: 6))
            if let build = builds.randomElement(using: &random) { _ = try await store.cancelBuild(build.id, reason: "not wanted") }
        } else {
            let requests = try await store.requests(PageQuery(RequestFields(), limit: 12))
            if let request = requests.randomElement(using: &random) { _ = try await store.cancelRequest(request.id, reason: "not wanted") }
        }
    }

    private mutating func passTime(_ faults: Bool) {
        clock.advance(by: .milliseconds(Int.random(in: 1...4000, using: &random)))
        guard faults, Int.random(in: 0..<12, using: &random) == 0 else { return }
        // The database, or every dispatcher, was away: no lease may end for it.
        clock.advance(by: .seconds(Int.random(in: 20...120, using: &random)))
        reachableSince = clock.now()
    }
}
