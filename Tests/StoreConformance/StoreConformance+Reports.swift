import Domain
import Storage
import Testing

extension StoreConformance where S: Store {
    public static var reportRules: [Rule] {
        [
            Rule("a build goes from assigned over running to finished, and its request and buildset with it") { try await $0.wholeLife() },
            Rule("a stale fence changes nothing") { try await $0.staleFence() },
            Rule("a report for another's build changes nothing") { try await $0.anothersBuild() },
            Rule("a repeated finish is answered the same, a second one is refused") { try await $0.repeatedFinish() },
            Rule("a repeat of any report changes nothing") { try await $0.repeats() },
            Rule("a bad report leaves its neighbours alone") { try await $0.neighbours() },
            Rule("reports that make no sense are invalid") { try await $0.senseless() },
            Rule("whoever accepts or reports a cancelled build is told") { try await $0.cancelIsTold() },
            Rule("a build that is given back in good order costs no attempt") { try await $0.drained() },
            Rule("steps that still run when their build ends, end with it") { try await $0.openSteps() },
        ]
    }

    func running(_ count: Int = 1) async throws -> (World<S>, WorkerDouble<S>, [Assignment]) {
        let (world, _) = try await pending(count)
        let worker = try await WorkerDouble(world.store, slots: max(1, count))
        let builds = try await worker.claim()
        try await worker.accept(builds)
        return (world, worker, builds)
    }

    func wholeLife() async throws {
        let (world, worker, builds) = try await running()
        let build = builds[0]
        world.clock.advance(by: .seconds(1))
        try await worker.tell(build, .stepStarted(StepStart(number: 1)), key: "1")
        try await worker.tell(
            build, .stepFinished(StepEnd(number: 1, outcome: .failure, cause: .exitStatus, exitStatus: 3, durationMilliseconds: 5, text: "exit 3")),
            key: "2")
        let answer = try await worker.finish(build, .failure, cause: .exitStatus)
        #expect(answer?.verdict == .applied)
        #expect(answer?.ringScheduling == true)
        let row = try #require(try await world.store.build(build.build))
        #expect(row.phase == .finished)
        #expect(row.outcome == .failure)
        #expect(row.cause == .exitStatus)
        #expect(row.started == row.assigned)
        #expect(row.finished == row.assigned.advanced(by: .seconds(1)))
        let step = try #require(try await world.store.steps(of: build.build).first)
        #expect(step.fact.name == "unit")
        #expect(step.fact.exitStatus == 3)
        #expect(step.fact.outcome == .failure)
        #expect(step.fact.text == "exit 3")
        #expect(try await world.store.request(build.request)?.outcome == .failure)
        #expect(try await world.store.buildset(build.buildset)?.outcome == .failure)
        let events = try await world.store.everyEvent()
        expectContiguousVersions(events)
        #expect(
            events.suffix(6).map(\.kind) == [.buildStarted, .stepStarted, .stepFinished, .buildFinished, .requestFinished, .buildsetFinished])
    }

    func staleFence() async throws {
        let (world, worker, builds) = try await running()
        let before = try await BuildPicture(world.store, builds[0])
        var stale = builds[0]
        stale.fence = Fence(builds[0].fence.rawValue + 1)
        for (number, content) in Self.everyContent.enumerated() {
            let answer = try await worker.tell(stale, content, key: "\(number)")
            guard case .stale? = answer?.verdict else {
                Issue.record("\(content) gave \(String(describing: answer))")
                continue
            }
        }
        if case .stale = try await worker.append(stale, at: 0, [1]) {} else { Issue.record("a log took bytes under a stale fence") }
        #expect(try await BuildPicture(world.store, builds[0]) == before)
    }

    static var everyContent: [BuildReport.Content] {
        [
            .accept, .renew, .stepStarted(StepStart(number: 1)), .stepFinished(StepEnd(number: 1, outcome: .success, durationMilliseconds: 1)),
            .finish(BuildEnd(outcome: .success)),
        ]
    }

    func anothersBuild() async throws {
        let (world, _, builds) = try await running()
        let other = try await WorkerDouble(world.store, "w2")
        let before = try await BuildPicture(world.store, builds[0])
        for (number, content) in Self.everyContent.enumerated() {
            if case .stale? = try await other.tell(builds[0], content, key: "\(number)")?.verdict {} else { Issue.record("\(content) was taken") }
        }
        if case .stale = try await other.append(builds[0], at: 0, [1]) {} else { Issue.record("a log took another's bytes") }
        #expect(try await BuildPicture(world.store, builds[0]) == before)
        var unknown = builds[0]
        unknown.build = BuildID(999)
        #expect(try await other.tell(unknown, .renew, key: "x")?.verdict == .notFound)
        #expect(try await other.append(unknown, at: 0, [1]) == .notFound)
    }

    func repeatedFinish() async throws {
        let (world, worker, builds) = try await running()
        #expect(try await worker.finish(builds[0])?.verdict == .applied)
        let after = try await BuildPicture(world.store, builds[0])
        world.clock.advance(by: .seconds(100))
        #expect(try await worker.finish(builds[0])?.verdict == .applied)
        let second = try await worker.tell(builds[0], .finish(BuildEnd(outcome: .failure)), key: "another")
        if case .stale? = second?.verdict {} else { Issue.record("a second finish gave \(String(describing: second))") }
        #expect(try await BuildPicture(world.store, builds[0]) == after)
        let other = try await WorkerDouble(world.store, "w2")
        if case .stale? = try await other.finish(builds[0])?.verdict {} else { Issue.record("another's key was taken for a repeat") }
    }

    func repeats() async throws {
        let (world, worker, builds) = try await running()
        let reports = Self.everyContent.enumerated().map { worker.report(builds[0], $1, key: "\($0)") }
        for (number, report) in reports.enumerated() {
            let first = try await world.store.apply([report, report])
            #expect(first.map(\.verdict) == [.applied, .applied], "report \(number)")
            let after = try await BuildPicture(world.store, builds[0])
            #expect(try await world.store.apply([report]).map(\.verdict) == [.applied], "report \(number)")
            #expect(try await BuildPicture(world.store, builds[0]) == after, "report \(number)")
        }
        expectContiguousVersions(try await world.store.everyEvent())
    }

    func neighbours() async throws {
        let (world, worker, builds) = try await running(3)
        var stale = builds[1]
        stale.fence = Fence(99)
        var unknown = builds[1]
        unknown.build = BuildID(999)
        let end = BuildReport.Content.finish(BuildEnd(outcome: .success))
        let answers = try await world.store.apply([
            worker.report(builds[0], end, key: "f"), worker.report(stale, end, key: "f"), worker.report(unknown, end, key: "f"),
            worker.report(builds[1], .stepStarted(StepStart(number: 0)), key: "s"),
            worker.report(builds[1], .finish(BuildEnd(outcome: .success, logs: [LogDeclaration(name: "x", step: 1, size: 3, sha256: "")])), key: "f"),
            worker.report(builds[2], end, key: "f"),
        ])
        #expect(answers.count == 6)
        #expect([answers[0], answers[5]].map(\.verdict) == [.applied, .applied])
        #expect(answers[2].verdict == .notFound)
        #expect(try await world.store.build(builds[0].build)?.outcome == .success)
        #expect(try await world.store.build(builds[1].build)?.phase == .running)
        #expect(try await world.store.build(builds[2].build)?.outcome == .success)
        expectContiguousVersions(try await world.store.everyEvent())
    }

    func senseless() async throws {
        let (world, _) = try await pending(1)
        let worker = try await WorkerDouble(world.store)
        let build = try #require(try await worker.claim().first)
        let before = try await BuildPicture(world.store, build)
        func expectInvalid(_ content: BuildReport.Content, key: String) async throws {
            if case .invalid? = try await worker.tell(build, content, key: key)?.verdict {} else { Issue.record("\(content) was not invalid") }
        }
        try await expectInvalid(.stepStarted(StepStart(number: 1)), key: "1")
        try await expectInvalid(.finish(BuildEnd(outcome: .success)), key: "2")
        #expect(try await BuildPicture(world.store, build) == before)
        try await worker.accept([build])
        for (number, attempt) in [(0, 1), (2, 1), (1, 0), (-1, -1), (Int.max, 1)] {
            try await expectInvalid(.stepStarted(StepStart(number: number, attempt: attempt)), key: "3")
            let end = StepEnd(number: number, attempt: attempt, outcome: .success, durationMilliseconds: 0)
            try await expectInvalid(.stepFinished(end), key: "4")
        }
        let end = BuildReport.Content.stepFinished(StepEnd(number: 1, outcome: .success, durationMilliseconds: 1))
        #expect(try await worker.tell(build, end, key: "5")?.verdict == .applied)
        try await expectInvalid(end, key: "6")
        #expect(try await worker.finish(build)?.verdict == .applied)
    }

    func cancelIsTold() async throws {
        let (world, requests) = try await pending(1)
        let worker = try await WorkerDouble(world.store)
        let build = try #require(try await worker.claim().first)
        let receipt = try await world.store.cancelRequest(requests[0], reason: "not wanted")
        #expect(receipt.build == BuildCancel(build: build.build, session: worker.session.id, reason: "not wanted"))
        #expect(
            try await world.store.pendingCancels([worker.session.id]) == [
                BuildCancel(build: build.build, session: worker.session.id, reason: "not wanted")
            ])
        #expect(try await world.store.pendingCancels([SessionID(99)]).isEmpty)
        for (number, content) in [BuildReport.Content.accept, .renew].enumerated() {
            #expect(try await worker.tell(build, content, key: "\(number)") == ReportAnswer(verdict: .applied, cancel: "not wanted"))
        }
        #expect(try await worker.finish(build, .cancelled, cause: .cancelled)?.verdict == .applied)
        #expect(try await world.store.request(requests[0])?.outcome == .cancelled)
        #expect(try await world.store.pendingCancels([worker.session.id]).isEmpty)
        #expect(try await worker.claim().isEmpty)
    }

    func drained() async throws {
        let (world, requests) = try await pending(1, builder: Samples.builder("test", attempts: 1))
        let worker = try await WorkerDouble(world.store)
        for attempt in 1...5 {
            let build = try #require(try await worker.claim().first)
            #expect(build.attempt == attempt)
            #expect(build.fence == Fence(Int64(attempt)))
            try await worker.accept([build])
            let answer = try await worker.finish(build, .exception, cause: .drained)
            #expect(answer?.ringDispatch == true)
            #expect(try await world.store.request(requests[0])?.phase == .pending)
            #expect(try await world.store.request(requests[0])?.attempts == 0)
        }
        expectContiguousVersions(try await world.store.everyEvent())
    }

    func openSteps() async throws {
        let (world, worker, builds) = try await running()
        try await worker.tell(builds[0], .stepStarted(StepStart(number: 1)), key: "1")
        try await worker.finish(builds[0], .cancelled, cause: .cancelled)
        let steps = try await world.store.steps(of: builds[0].build)
        #expect(steps.map(\.fact.phase) == [.finished])
        #expect(steps.map(\.fact.outcome) == [.cancelled])
        let kinds = try await world.store.everyEvent().map(\.kind)
        #expect(kinds.suffix(4) == [.stepFinished, .buildFinished, .requestFinished, .buildsetFinished])
    }
}
