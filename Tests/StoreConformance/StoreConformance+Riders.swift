import Domain
import Storage
import Testing

extension StoreConformance where S: Store {
    public static var riderRules: [Rule] {
        [
            Rule("when the worker is lost all wait again, and one build answers all again") { try await $0.lostBuildLeavesAllWaiting() },
            Rule("a build that is given back counts for none of them") { try await $0.givenBackCountsForNone() },
            Rule("when it is not tried again all end so") { try await $0.exhaustedEndsAll() },
            Rule("one that rides is cancelled alone, and the build goes on") { try await $0.riderIsCancelledAlone() },
            Rule("when the first is cancelled it ends, and the build goes on for the others") { try await $0.buildGoesOnForOthers() },
            Rule("a build that goes on for others and is lost leaves them waiting, and nothing of the one that ended") {
                try await $0.lostAfterItsOwnerEnded()
            },
            Rule("when the last of them is cancelled the worker is told") { try await $0.lastCancelEndsTheBuild() },
            Rule("whoever cancels the build cancels all that it answers") { try await $0.cancelledBuildEndsAll() },
            Rule("while they wait, one that is cancelled leaves the others") { try await $0.cancelledBeforeIsLeft() },
            Rule("what is superseded ends, and the build goes on for what is not") { try await $0.supersededRider() },
            Rule("what is needed, followed and awaited goes on when another's build answers it") { try await $0.answersReleaseAndAreFollowed() },
            Rule("no deadline ends one that rides, nor one whose build had begun") { try await $0.deadlinesOfRiders() },
            Rule("one that is late keeps no other waiting that asks for the same") { try await $0.lateKeepsNobody() },
            Rule("one that has waited too long goes first, and its like with it") { try await $0.overdueGoesFirst() },
            Rule("when their builder is removed they end with their build, or when they would wait again") { try await $0.ridersOfRemovedBuilder() },
        ]
    }

    private func riding(_ change: (inout Configuration) -> Void = { _ in }) async throws -> (
        World<S>, Planner, WorkerDouble<S>, Assignment
    ) {
        let (world, planner) = try await collapsing(change)
        try await push(world, planner)
        let worker = try await WorkerDouble(world.store)
        let build = try #require(try await worker.claim().first)
        try await worker.accept([build])
        return (world, planner, worker, build)
    }

    func lostBuildLeavesAllWaiting() async throws {
        let (world, _, worker, build) = try await riding()
        let lost = try await world.store.endSession(worker.session.id, lost: true, reason: "gone")
        #expect(lost == [LostBuild(build: build.build, request: build.request, worker: "w1", retried: true)])
        var rows = try await requests(world)
        #expect(rows.map(\.phase) == [.pending, .pending] && rows.map(\.answeredBy) == [nil, nil] && rows.map(\.claimed) == [nil, nil])
        #expect(rows.map(\.attempts) == [1, 1])
        let told = try await world.store.events(.requestUnclaimed).map { try $0.fact(RequestFact.self) }
        #expect(told.map(\.buildset.rawValue) == [1, 2] && told.allSatisfy { $0.cause == .lost && $0.build == build.build })
        #expect(told.map(\.answeredBy) == [nil, build.build])
        let other = try await WorkerDouble(world.store, "w2")
        let again = try #require(try await other.claim().first)
        try await other.accept([again])
        try await other.finish(again)
        rows = try await requests(world)
        #expect(rows.map(\.outcome) == [.success, .success] && rows.map(\.attempts) == [2, 2] && rows[1].answeredBy == again.build)
        expectContiguousVersions(try await world.store.everyEvent())
    }

    func givenBackCountsForNone() async throws {
        let (world, _, worker, build) = try await riding()
        #expect(try await worker.finish(build, .exception, cause: .drained)?.ringDispatch == true)
        let rows = try await requests(world)
        #expect(rows.map(\.phase) == [.pending, .pending] && rows.map(\.attempts) == [0, 0])
    }

    func exhaustedEndsAll() async throws {
        let (world, _, worker, _) = try await riding { $0.builders[0].attempts = 1 }
        _ = try await world.store.endSession(worker.session.id, lost: true, reason: "gone")
        let rows = try await requests(world)
        #expect(rows.map(\.outcome) == [.exception, .exception] && rows.map(\.cause) == [.lost, .lost] && rows[0].text == rows[1].text)
        #expect(rows[1].text.contains("1 of 1 attempts"))
    }

    func riderIsCancelledAlone() async throws {
        let (world, _, worker, build) = try await riding()
        #expect(try await world.store.cancelRequest(RequestID(2), reason: "no") == CancelReceipt(phase: .finished, build: nil))
        var rows = try await requests(world)
        #expect(rows.map(\.phase) == [.claimed, .finished] && rows[1].outcome == .cancelled && rows[1].text == "no")
        #expect(try await world.store.buildset(BuildsetID(2))?.outcome == .cancelled)
        #expect(try await worker.tell(build, .renew, key: "r")?.cancel == nil)
        #expect(try await world.store.cancelRequest(RequestID(2), reason: "again") == CancelReceipt(phase: .finished, build: nil))
        try await worker.finish(build)
        rows = try await requests(world)
        #expect(rows.map(\.outcome) == [.success, .cancelled])
        let events = try await world.store.everyEvent()
        #expect(events.count { $0.kind == .requestFinished } == 2 && events.count { $0.kind == .requestCancelled } == 1)
        expectContiguousVersions(events)
    }

    func buildGoesOnForOthers() async throws {
        let (world, _, worker, build) = try await riding()
        #expect(try await world.store.cancelRequest(RequestID(1), reason: "no") == CancelReceipt(phase: .finished, build: nil))
        #expect(try await world.store.pendingCancels([worker.session.id]).isEmpty)
        #expect(try await requests(world).map(\.phase) == [.finished, .claimed])
        #expect(try await world.store.buildset(BuildsetID(1))?.outcome == .cancelled)
        #expect(try await worker.tell(build, .renew, key: "r")?.cancel == nil)
        #expect(try await world.store.why(RequestID(2))?.build?.phase == .running)
        #expect(try await worker.finish(build)?.ringScheduling == true)
        #expect(try await requests(world).map(\.outcome) == [.cancelled, .success])
        let events = try await world.store.everyEvent()
        #expect(events.count { $0.kind == .requestFinished } == 2)
        expectContiguousVersions(events)
    }

    func lostAfterItsOwnerEnded() async throws {
        let (world, _, worker, _) = try await riding()
        _ = try await world.store.cancelRequest(RequestID(1), reason: "no")
        let lost = try await world.store.endSession(worker.session.id, lost: true, reason: "gone")
        #expect(lost.map(\.retried) == [true])
        #expect(try await requests(world).map(\.phase) == [.finished, .pending])
        #expect(try await world.store.events(.requestUnclaimed).map(\.entityID) == [2])
        let other = try await WorkerDouble(world.store, "w2")
        let again = try #require(try await other.claim().first)
        #expect(again.request == RequestID(2))
        try await other.accept([again])
        try await other.finish(again)
        let rows = try await requests(world)
        #expect(rows.map(\.outcome) == [.cancelled, .success] && rows[1].answeredBy == nil && rows[1].builds == [again.build])
        expectContiguousVersions(try await world.store.everyEvent())
    }

    func lastCancelEndsTheBuild() async throws {
        for order in [[1, 2], [2, 1]] as [[Int64]] {
            let (world, _, worker, build) = try await riding()
            _ = try await world.store.cancelRequest(RequestID(order[0]), reason: "no")
            let last = try await world.store.cancelRequest(RequestID(order[1]), reason: "nor that")
            let told = BuildCancel(build: build.build, session: worker.session.id, reason: "nor that")
            // The one whose build it is ends with it.
            #expect(last == CancelReceipt(phase: order[1] == 1 ? .claimed : .finished, build: told))
            #expect(try await world.store.pendingCancels([worker.session.id]) == [told])
            #expect(try await worker.tell(build, .renew, key: "r")?.cancel == "nor that")
            try await worker.finish(build, .cancelled, cause: .cancelled)
            #expect(try await requests(world).map(\.outcome) == [.cancelled, .cancelled])
            let events = try await world.store.everyEvent()
            #expect(events.count { $0.kind == .requestFinished } == 2)
            expectContiguousVersions(events)
        }
    }

    func cancelledBuildEndsAll() async throws {
        let (world, _, worker, build) = try await riding()
        let receipt = try await world.store.cancelBuild(build.build, reason: "stop")
        #expect(receipt == CancelReceipt(phase: .claimed, build: BuildCancel(build: build.build, session: worker.session.id, reason: "stop")))
        #expect(try await requests(world).map(\.phase) == [.claimed, .finished])
        try await worker.finish(build, .cancelled, cause: .cancelled)
        let rows = try await requests(world)
        #expect(rows.map(\.outcome) == [.cancelled, .cancelled] && rows.map(\.text) == ["stop", "stop"])
        let (orphaned, _, holder, orphan) = try await riding()
        _ = try await orphaned.store.cancelRequest(RequestID(1), reason: "no")
        #expect(
            try await orphaned.store.cancelBuild(orphan.build, reason: "stop")
                == CancelReceipt(phase: .finished, build: BuildCancel(build: orphan.build, session: holder.session.id, reason: "stop")))
        #expect(try await requests(orphaned).map(\.outcome) == [.cancelled, .cancelled])
        try await holder.finish(orphan, .cancelled, cause: .cancelled)
        for world in [world, orphaned] { expectContiguousVersions(try await world.store.everyEvent()) }
    }

    func cancelledBeforeIsLeft() async throws {
        let (world, planner) = try await collapsing()
        try await push(world, planner)
        _ = try await world.store.cancelRequest(RequestID(1), reason: "no")
        let builds = try await WorkerDouble(world.store).claim()
        #expect(builds.map(\.request) == [RequestID(2)])
        #expect(try await requests(world).map(\.answeredBy) == [nil, nil])
    }

    func supersededRider() async throws {
        for (place, which) in [(0, SchedulerRule.Superseding.running), (1, .running), (1, .pending)] {
            let (world, planner, worker, build) = try await riding { $0.schedulers[place].supersede = which }
            try await push(world, planner, Samples.commit("2"))
            let rows = try await requests(world)
            // One that rides is with a worker, as far as the rule is concerned.
            let ended = which == .running ? [place] : []
            #expect(rows.indices.filter { rows[$0].outcome == .cancelled } == ended)
            #expect(try await worker.tell(build, .renew, key: "r")?.cancel == nil)
            try await worker.finish(build)
            let expected = [0, 1].map { ended.contains($0) ? Outcome.cancelled : .success }
            #expect(try await requests(world).prefix(2).map(\.outcome) == expected)
            expectContiguousVersions(try await world.store.everyEvent())
        }
        // Both: nobody wants the build any more.
        let (world, planner, worker, build) = try await riding {
            for index in $0.schedulers.indices { $0.schedulers[index].supersede = .running }
        }
        try await push(world, planner, Samples.commit("2"))
        #expect(try await world.store.pendingCancels([worker.session.id]).map(\.build) == [build.build])
        try await worker.finish(build, .cancelled, cause: .cancelled)
        #expect(try await requests(world).prefix(2).map(\.outcome) == [.cancelled, .cancelled])
        expectContiguousVersions(try await world.store.everyEvent())
    }

    func answersReleaseAndAreFollowed() async throws {
        let (world, _, worker, build) = try await riding {
            $0.builders += [Samples.builder("after"), Samples.builder("next")]
            $0.builders[1].needs = [Need(builder: "test")]
            $0.schedulers[1].builders = ["test", "after"]
            $0.schedulers.append(SchedulerRule(name: "last", kind: .dependent, builders: ["next"], follows: Dependence(schedulers: ["other"])))
        }
        #expect(try await worker.finish(build)?.ringDispatch == true)
        #expect(try await requests(world).map(\.phase) == [.finished, .finished, .pending])
        let after = try #require(try await worker.claim().first)
        #expect(after.builder.name == "after")
        try await worker.accept([after])
        try await worker.finish(after)
        #expect(try await world.store.followEnds(limit: 10).buildsets.count == 1)
    }

    func deadlinesOfRiders() async throws {
        let (world, planner) = try await collapsing { $0.builders[0].deadline = .seconds(60) }
        try await push(world, planner)
        let worker = try await WorkerDouble(world.store)
        let build = try #require(try await worker.claim().first)
        world.clock.advance(by: .seconds(61))
        #expect(try await world.store.endOverdue(limit: 10) == DeadlineResult(ended: 0, nextDue: nil))
        try await worker.accept([build])
        _ = try await world.store.endSession(worker.session.id, lost: true, reason: "gone")
        #expect(try await world.store.endOverdue(limit: 10) == DeadlineResult(ended: 0, nextDue: nil))
        #expect(try await requests(world).map(\.phase) == [.pending, .pending])
        // One that no worker began has its deadline as before.
        try await push(world, planner, Samples.commit("2"))
        let other = try await WorkerDouble(world.store, "w2")
        #expect(try await other.claim().map(\.request.rawValue) == [1, 3])
        _ = try await world.store.endSession(other.session.id, lost: true, reason: "gone")
        world.clock.advance(by: .seconds(61))
        #expect(try await world.store.endOverdue(limit: 10).ended == 2)
        #expect(try await requests(world).map(\.phase) == [.pending, .pending, .finished, .finished])
    }

    func lateKeepsNobody() async throws {
        let (world, planner) = try await collapsing { $0.builders[0].deadline = .seconds(60) }
        try await push(world, planner)
        world.clock.advance(by: .seconds(30))
        try await push(world, planner, Samples.commit("1", key: "again"))
        world.clock.advance(by: .seconds(31))
        let builds = try await WorkerDouble(world.store).claim()
        #expect(builds.map(\.request.rawValue) == [3])
        #expect(try await requests(world).map(\.phase) == [.pending, .pending, .claimed, .claimed])
    }

    func overdueGoesFirst() async throws {
        let (world, planner) = try await collapsing {
            $0.projects = [ProjectRule(name: "demo", longestWait: .seconds(60))]
            $0.schedulers[0].priority = -5
            $0.schedulers[1].priority = 5
        }
        try await push(world, planner)
        world.clock.advance(by: .seconds(30))
        try await push(world, planner, Samples.commit("1", key: "again"))
        try await push(world, planner, Samples.commit("2"))
        let worker = try await WorkerDouble(world.store)
        // The oldest of all is of the lowest priority; nobody has waited too long yet.
        world.clock.advance(by: .seconds(1))
        try await world.store.setPriority(RequestID(2), priority: -5)
        world.clock.advance(by: .seconds(30))
        let first = try #require(try await worker.claim(1).first)
        #expect(first.request == RequestID(1))
        #expect(try await requests(world).map(\.answeredBy) == [nil, first.build, first.build, first.build, nil, nil])
    }

    func ridersOfRemovedBuilder() async throws {
        for isLost in [false, true] {
            let (world, _, worker, build) = try await riding()
            var configuration = Samples.configuration(builders: [Samples.builder("else")], uses: ["else"])
            configuration.schedulers[0].kind = .anyBranch
            _ = try await world.store.apply(configuration, digest: Samples.digest(2))
            #expect(try await world.store.endRemoved(limit: 10) == 0)
            if isLost {
                _ = try await world.store.endSession(worker.session.id, lost: true, reason: "gone")
                #expect(try await world.store.endRemoved(limit: 10) == 2)
            } else {
                try await worker.finish(build)
            }
            let outcome: Outcome = isLost ? .cancelled : .success
            #expect(try await requests(world).map(\.outcome) == [outcome, outcome])
        }
    }
}
