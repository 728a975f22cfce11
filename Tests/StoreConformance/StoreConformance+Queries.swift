import Domain
import Storage
import Testing

extension StoreConformance where S: Store {
    public static var queryRules: [Rule] {
        [
            Rule("pages neither repeat nor miss a row while rows are added") { try await $0.pagingIsStable() },
            Rule("lists of changes are filtered by each field") { try await $0.changeFilters() },
            Rule("lists of buildsets are filtered by each field") { try await $0.buildsetFilters() },
            Rule("lists of requests are filtered by each field") { try await $0.requestFilters() },
            Rule("lists of builds are filtered by each field") { try await $0.buildFilters() },
            Rule("lists are bounded by the time at which their rows were made") { try await $0.timeBounds() },
            Rule("a build says its change's author and the first line of its comments") { try await $0.buildSaysWho() },
            Rule("builders are counted by what is open") { try await $0.counts() },
            Rule("why a request waits: what it asks for, what is ahead, and who is there") { try await $0.whyFacts() },
            Rule("workers are listed with what they hold") { try await $0.workersAreListed() },
            Rule("what is not there is nil") { try await $0.absent() },
        ]
    }

    func pagingIsStable() async throws {
        let (world, requests) = try await pending(7)
        for ascending in [false, true] {
            var query = PageQuery(RequestFields(), ascending: ascending, limit: 3)
            var seen: [RequestID] = []
            while true {
                let page = try await world.store.requests(query)
                guard let last = page.last else { break }
                seen += page.map(\.id)
                query.after = last.id.rawValue
                if seen.count < 7 { _ = try await world.store.force(Samples.force(), idempotency: nil) }
            }
            let expected = ascending ? requests : requests.reversed()
            #expect(seen.filter(requests.contains) == expected, "ascending \(ascending)")
            #expect(Set(seen).count == seen.count)
        }
        var byBranch = PageQuery(RequestFields(), limit: 4)
        byBranch.fields.branch = "main"
        var seen: [RequestID] = []
        while let last = try await world.store.requests(byBranch).last {
            seen += try await world.store.requests(byBranch).map(\.id)
            byBranch.after = last.id.rawValue
        }
        #expect(seen == seen.sorted(by: >))
        #expect(Set(seen).isSuperset(of: requests))
        #expect(try await world.store.requests(PageQuery(RequestFields(), limit: -1)).isEmpty)
    }

    func timeBounds() async throws {
        let (world, _) = try await scheduled(Samples.configuration())
        let (store, clock) = (world.store, world.clock)
        for day in 0..<9 {
            _ = try await store.apply(Samples.configuration(quiet: .seconds(day + 1)), digest: Samples.digest(100 + day))
            _ = try await store.accept([Samples.change("day \(day)", key: "\(day)")], advancing: nil)
            _ = try await store.force(Samples.force(revision: "\(day)"), idempotency: nil)
            _ = try await WorkerDouble(store, "w\(day)", slots: 1).claim()
            clock.advance(by: .seconds(86_400))
        }
        try await expectBounds(store.changes, ChangeFilterFields(), \.accepted)
        try await expectBounds(store.buildsets, BuildsetFields(), \.created)
        try await expectBounds(store.requests, RequestFields(), \.created)
        try await expectBounds(store.builds, BuildFields(), \.assigned)
        try await expectBounds(store.revisions, RevisionFields(), \.applied)
        // Beside another condition, which has an index of its own.
        var fields = RequestFields()
        fields.branch = "main"
        try await expectBounds(store.requests, fields, \.created)
    }

    /// Each pair of bounds at, before and behind each row lets through what lies between them.
    private func expectBounds<Row: Hashable & Sendable, Fields: Hashable & Sendable>(
        _ list: (PageQuery<Fields>) async throws -> [Row], _ fields: Fields, _ time: (Row) -> Timestamp
    ) async throws {
        let all = try await list(PageQuery(fields, ascending: true, limit: 100))
        try #require(Set(all.map(time)).count >= 9)
        let marks = all.map(time).flatMap { [$0, $0.advanced(by: .microseconds(1))] }
        for bound in [nil] + marks.map(Optional.init) {
            for (since, until) in [(bound, nil), (nil, bound), (marks[5], bound)] {
                for ascending in [true, false] {
                    var query = PageQuery(fields, ascending: ascending, limit: 100)
                    query.times = TimeRange(since: since, until: until)
                    let expected = all.filter { row in (since.map { time(row) >= $0 } ?? true) && (until.map { time(row) < $0 } ?? true) }
                    let found = try await list(query)
                    #expect(found == (ascending ? expected : expected.reversed()))
                }
            }
        }
    }

    func changeFilters() async throws {
        let (world, _) = try await pending(0)
        let other = NewChange(
            source: "hook", project: "other", repository: "https://example.org/other.git", branch: "next", revision: "2", author: "Grace",
            comments: "", dedupeKey: "k")
        _ = try await world.store.accept([Samples.change("1"), other], advancing: nil)
        let all = try await world.store.changes(PageQuery(ChangeFilterFields()))
        #expect(all.map(\.content.revision) == ["2", "1"])
        #expect(try await world.store.change(all[0].id) == all[0])
        func expectOne(_ set: (inout ChangeFilterFields) -> Void) async throws {
            var fields = ChangeFilterFields()
            set(&fields)
            #expect(try await world.store.changes(PageQuery(fields)).map(\.content.revision) == ["2"])
        }
        try await expectOne { $0.project = "other" }
        try await expectOne { $0.repository = "https://example.org/other.git" }
        try await expectOne { $0.branch = "next" }
        try await expectOne { $0.revision = "2" }
        try await expectOne { $0.author = "Grace" }
        try await expectOne { $0.source = "hook" }
    }

    /// Two buildsets: one of a change on `main` that has finished, one by hand on `next` that is pending.
    private func twoBuildsets() async throws -> (World<S>, change: ChangeID, done: Assignment, waiting: ForceReceipt) {
        let builders = [Samples.builder("test"), Samples.builder("docs")]
        let (world, planner) = try await scheduled(Samples.configuration(builders: builders))
        let change = try #require(try await world.store.accept([Samples.change("1")], advancing: nil).first).id
        _ = try await world.store.classify(limit: 10, planner: planner)
        let worker = try await WorkerDouble(world.store)
        let done = try #require(try await worker.claim().first)
        try await worker.accept([done])
        try await worker.finish(done, .warnings)
        let waiting = try await world.store.force(Samples.force("docs", branch: "next", revision: "2"), idempotency: nil)
        return (world, change, done, waiting)
    }

    func buildsetFilters() async throws {
        let (world, change, done, waiting) = try await twoBuildsets()
        func expect(_ ids: [BuildsetID], _ set: (inout BuildsetFields) -> Void) async throws {
            var fields = BuildsetFields()
            set(&fields)
            #expect(try await world.store.buildsets(PageQuery(fields)).map(\.id) == ids)
        }
        try await expect([waiting.buildset, done.buildset]) { _ in }
        try await expect([done.buildset]) { $0.scheduler = "commits" }
        try await expect([waiting.buildset]) { $0.branch = "next" }
        try await expect([done.buildset]) { $0.revision = "1" }
        try await expect([done.buildset]) { $0.outcome = .warnings }
        try await expect([done.buildset]) { $0.finished = true }
        try await expect([waiting.buildset]) { $0.finished = false }
        try await expect([done.buildset]) { $0.change = change }
        let row = try #require(try await world.store.buildset(done.buildset))
        #expect(row.changes == [change])
        #expect(row.stamp == done.stamp)
        #expect(row.openRequests == 0)
        #expect(row.outcome == .warnings)
    }

    func requestFilters() async throws {
        let (world, _, done, waiting) = try await twoBuildsets()
        func expect(_ ids: [RequestID], _ set: (inout RequestFields) -> Void) async throws {
            var fields = RequestFields()
            set(&fields)
            #expect(try await world.store.requests(PageQuery(fields)).map(\.id) == ids)
        }
        try await expect([waiting.request, done.request]) { _ in }
        try await expect([done.request]) { $0.buildset = done.buildset }
        try await expect([waiting.request]) { $0.builder = "docs" }
        try await expect([waiting.request]) { $0.branch = "next" }
        try await expect([waiting.request]) { $0.phase = .pending }
        try await expect([done.request]) { $0.phase = .finished }
        try await expect([]) { $0.phase = .claimed }
        try await expect([done.request]) { $0.outcome = .warnings }
        try await expect([done.request]) {
            $0.branch = "main"
            $0.phase = .finished
        }
        #expect(try await world.store.request(done.request)?.builds == [done.build])
    }

    func buildFilters() async throws {
        let (world, _, done, waiting) = try await twoBuildsets()
        let other = try await WorkerDouble(world.store, "w2")
        let running = try #require(try await other.claim().first)
        func expect(_ ids: [BuildID], _ set: (inout BuildFields) -> Void) async throws {
            var fields = BuildFields()
            set(&fields)
            #expect(try await world.store.builds(PageQuery(fields)).map(\.id) == ids)
        }
        try await expect([running.build, done.build]) { _ in }
        try await expect([done.build]) { $0.builder = "test" }
        try await expect([running.build]) { $0.worker = "w2" }
        try await expect([running.build]) { $0.branch = "next" }
        try await expect([done.build]) { $0.revision = "1" }
        try await expect([running.build]) { $0.phase = .assigned }
        try await expect([done.build]) { $0.phase = .finished }
        try await expect([done.build]) { $0.outcome = .warnings }
        try await expect([running.build]) { $0.request = waiting.request }
        try await expect([done.build]) { $0.buildset = done.buildset }
    }

    func buildSaysWho() async throws {
        let (world, change, done, _) = try await twoBuildsets()
        let row = try #require(try await world.store.build(done.build))
        #expect(row.author == "Ada <ada@example.org>")
        #expect(row.comments == "Change 1")
        #expect(row.changes == [change])
        #expect(row.stamp == done.stamp)
        #expect(row.chain == done.chain)
        #expect(row.attempt == 1)
    }

    func counts() async throws {
        let (world, _, _, waiting) = try await twoBuildsets()
        let created = try #require(try await world.store.request(waiting.request)).created
        world.clock.advance(by: .seconds(5))
        _ = try await world.store.force(Samples.force("docs"), idempotency: nil)
        #expect(try await world.store.builderCounts() == [BuilderCounts(builder: "docs", pending: 2, claimed: 0, oldestPending: created)])
        let worker = try await WorkerDouble(world.store, "w2")
        _ = try await worker.claim(1)
        let now = world.clock.now()
        #expect(try await world.store.builderCounts() == [BuilderCounts(builder: "docs", pending: 1, claimed: 1, oldestPending: now)])
    }

    func whyFacts() async throws {
        let (world, requests) = try await pending(3, builder: Samples.builder("test", labels: ["os": "linux"]))
        try await world.store.setPriority(requests[2], priority: 4)
        let worker = try await WorkerDouble(world.store, labels: ["os": "macos"])
        let facts = try #require(try await world.store.why(requests[1]))
        #expect(facts.request.id == requests[1])
        #expect(facts.required == ["os": "linux"])
        #expect(facts.ahead == 2)
        #expect(facts.workers.map(\.labels) == [worker.session.labels])
        #expect(facts.build == nil)
        let linux = try await WorkerDouble(world.store, "w2", labels: ["os": "linux"])
        let build = try #require(try await linux.claim(1).first)
        #expect(try await world.store.why(build.request)?.build?.id == build.build)
        #expect(try await world.store.why(RequestID(99)) == nil)
    }

    func workersAreListed() async throws {
        let (world, worker, builds) = try await running(2)
        _ = try await WorkerDouble(world.store, "a-first", labels: ["os": "linux"], slots: 2)
        try await world.store.setWorkerPaused("a-first", paused: true)
        let rows = try await world.store.workers()
        #expect(rows.map(\.name) == ["a-first", "w1"])
        #expect(rows[0].paused)
        #expect(rows[0].labels == ["os": "linux"])
        #expect(rows[1].builds == builds.map(\.build))
        #expect(rows[1].connected)
        _ = try await world.store.endSession(worker.session.id, lost: false, reason: "goodbye")
        let after = try await world.store.workers()
        #expect(!after[1].connected)
        #expect(after[1].builds.isEmpty)
    }

    func absent() async throws {
        let (world, _) = try await pending(0)
        #expect(try await world.store.change(ChangeID(9)) == nil)
        #expect(try await world.store.buildset(BuildsetID(9)) == nil)
        #expect(try await world.store.request(RequestID(9)) == nil)
        #expect(try await world.store.build(BuildID(9)) == nil)
        #expect(try await world.store.session(SessionID(9)) == nil)
        #expect(try await world.store.steps(of: BuildID(9)).isEmpty)
        #expect(try await world.store.logs(of: BuildID(9)).isEmpty)
        #expect(try await world.store.builderCounts().isEmpty)
    }
}
