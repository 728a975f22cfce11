import Domain
import Storage
import Testing

extension StoreConformance where S: Store {
    public static var buildControlRules: [Rule] {
        [
            Rule("a rebuild is a new buildset of that builder at the same stamp, once for each key") { try await $0.rebuilds() },
            Rule("cancelling a claimed request names the build to be told, and ends nothing by itself") { try await $0.cancelClaimed() },
            Rule("cancelling a build ends its request; a build that has ended stays as it is") { try await $0.cancelBuilds() },
            Rule("open requests follow the labels of the configuration in force") { try await $0.labelsFollow() },
            Rule("what was accepted is there after the store was closed and opened again") { try await $0.reopened() },
        ]
    }

    func rebuilds() async throws {
        let (world, planner) = try await scheduled(
            Samples.configuration(builders: [Samples.builder("test", priority: 5), Samples.builder("docs")], uses: ["test", "docs"]))
        let store = world.store
        let change = try #require(try await store.accept([Samples.change("abc")], advancing: nil).first)
        _ = try await store.classify(limit: 10, planner: planner)
        let builds = try await WorkerDouble(store).claim()
        let build = try #require(builds.first { $0.builder.name == "test" })
        let receipt = try await store.rebuild(build.build, reason: "once more", idempotency: Samples.key("r"))
        #expect(receipt.created)
        #expect(receipt.buildset != build.buildset)
        #expect(try await store.rebuild(build.build, reason: "once more", idempotency: Samples.key("r")).buildset == receipt.buildset)
        let buildset = try #require(try await store.buildset(receipt.buildset))
        #expect(buildset.stamp == build.stamp)
        #expect(buildset.reason == "once more")
        #expect(buildset.changes == [change.id])
        #expect(buildset.parents == [build.chain])
        #expect(buildset.openRequests == 1)
        let request = try #require(try await store.request(receipt.request))
        #expect(request.builder == "test")
        #expect(request.priority == 15)
        expectContiguousVersions(try await store.everyEvent())
    }

    func cancelClaimed() async throws {
        let (world, worker, builds) = try await running()
        let build = try #require(builds.first)
        let receipt = try await world.store.cancelRequest(build.request, reason: "not wanted")
        #expect(receipt == CancelReceipt(phase: .claimed, build: BuildCancel(build: build.build, session: worker.session.id, reason: "not wanted")))
        let events = try await world.store.everyEvent()
        #expect(events.last?.kind == .requestCancelled)
        #expect(try await world.store.cancelRequest(build.request, reason: "again") == receipt, "the first reason stays")
        #expect(try await world.store.everyEvent() == events)
        await worker.finishes(build, .cancelled)
        #expect(try await world.store.request(build.request)?.outcome == .cancelled)
        #expect(try await world.store.buildset(build.buildset)?.outcome == .cancelled)
        expectContiguousVersions(try await world.store.everyEvent())
    }

    func cancelBuilds() async throws {
        let (world, worker, builds) = try await running(2)
        let receipt = try await world.store.cancelBuild(builds[0].build, reason: "not wanted")
        #expect(receipt.phase == .claimed)
        #expect(receipt.build?.build == builds[0].build)
        #expect(try await world.store.pendingCancels([worker.session.id]) == [try #require(receipt.build)])
        await worker.finishes(builds[1], .success)
        let late = try await world.store.cancelBuild(builds[1].build, reason: "too late")
        #expect(late == CancelReceipt(phase: .finished, build: nil))
        #expect(try await world.store.build(builds[1].build)?.outcome == .success)
    }

    func labelsFollow() async throws {
        let (world, _) = try await scheduled(Samples.configuration(builders: [Samples.builder("test", labels: ["os": "linux"])]))
        let store = world.store
        let linux = try await WorkerDouble(store, "linux", labels: ["os": "linux"])
        let mac = try await WorkerDouble(store, "mac", labels: ["os": "mac"])
        let request = try await store.force(Samples.force(), idempotency: nil).request
        #expect(try await mac.claim().isEmpty)
        let moved = Samples.configuration(builders: [Samples.builder("test", labels: ["os": "mac"])])
        _ = try await store.apply(moved, digest: Samples.digest(2))
        #expect(try await store.why(request)?.required == ["os": "mac"])
        #expect(try await linux.claim().isEmpty)
        let claimed = try await mac.claim()
        #expect(claimed.map(\.request) == [request])
        // A claimed one that becomes pending again asks for what its builder asks for by then.
        _ = try await store.apply(
            Samples.configuration(builders: [Samples.builder("test", labels: ["os": "linux"])]), digest: Samples.digest(3))
        _ = try await store.endSession(mac.session.id, lost: true, reason: "gone")
        #expect(try await linux.claim().map(\.request) == [request])
    }

    func reopened() async throws {
        let (world, planner) = try await scheduled(Samples.configuration(quiet: .seconds(5)))
        let store = world.store
        let change = try #require(
            try await store.accept([Samples.change("1", key: "k")], advancing: SourceAdvance(source: "repo", from: nil, to: "one")).first)
        let due = try await store.classify(limit: 10, planner: planner).nextDue
        let forced = try await store.force(Samples.force(), idempotency: Samples.key("a"))
        let worker = try await WorkerDouble(store)
        let build = try #require(try await worker.claim().first)
        let events = try await store.everyEvent()
        try await store.close()

        let again = try await open(world.directory.path, world.clock)
        #expect(again.deployment == store.deployment)
        #expect(again.epoch == store.epoch)
        #expect(try await again.everyEvent() == events)
        #expect(try await again.sourceState("repo").position == "one")
        #expect(try await again.accept([Samples.change("1", key: "k")], advancing: nil).map(\.id) == [change.id])
        #expect(try await again.force(Samples.force(), idempotency: Samples.key("a")).request == forced.request)
        #expect(try await again.openSessions().map(\.id) == [worker.session.id])
        #expect(try await again.build(build.build)?.phase == .assigned)
        world.clock.advance(by: .seconds(5))
        let fired = try await again.fireQuietTimes(limit: 10, planner: planner)
        #expect(due == world.clock.now())
        #expect(fired.buildsets.count == 1)
        expectContiguousVersions(try await again.everyEvent())
        try await again.close()
    }
}

extension WorkerDouble {
    /// Finishes a build and expects that this was taken.
    func finishes(_ build: Assignment, _ outcome: Outcome) async {
        do {
            #expect(try await finish(build, outcome)?.verdict == .applied)
        } catch {
            Issue.record(error)
        }
    }
}
