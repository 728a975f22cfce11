import Domain
import Storage
import Testing

extension StoreConformance where S: Store {
    public static var accessRules: [Rule] {
        [
            Rule("a token is kept by its hash, listed without it, and judged by it until it ends") { try await $0.tokensLiveAndEnd() },
            Rule("every token that is made or ended raises the version that a sweep tells of") { try await $0.accessVersionGrows() },
            Rule("a session at the pages ends with its token, and stands in no list") { try await $0.pageSessionsEnd() },
            Rule("the use of a token is written at most once a minute") { try await $0.usesAreRare() },
            Rule("a control and its row in the audit are one transaction; what changes nothing leaves none") { try await $0.auditsControls() },
            Rule("what is read again leaves a row in the audit, with changes and without") { try await $0.auditsRedeliveries() },
            Rule("lists are bound to projects, whatever else is asked, and their pages are whole") { try await $0.listsAreBound() },
            Rule("a session and a change say whose token they came with") { try await $0.keepsTokens() },
        ]
    }

    private static var note: AuditNote { AuditNote(principal: "ada", token: TokenID(7), action: "test", detail: "because") }

    private static func new(_ name: String, _ role: AccessRole = .reader, projects: [String]? = nil, parent: TokenID? = nil) -> NewToken {
        NewToken(
            TokenGrant(name: name, role: role, projects: projects, workers: role == .worker ? "w*" : nil), hash: Samples.digest(name.count),
            parent: parent, by: "ada")
    }

    func tokensLiveAndEnd() async throws {
        let world = try await world()
        let store = world.store
        let first = try await store.createToken(Self.new("one", projects: ["demo", "é\"\\{"]), audit: Self.note)
        let second = try await store.createToken(Self.new("worker", .worker), audit: nil)
        var short = Self.new("short")
        short.grant.expires = world.clock.now().advanced(by: .seconds(60))
        let third = try await store.createToken(short, audit: nil)
        var state = try await store.accessState()
        #expect(state.tokens.map(\.id) == [first.id, second.id, third.id])
        #expect(state.tokens[0].grant == first.grant && state.tokens[0].hash == Samples.digest(3))
        #expect(state.tokens[1].grant.workers == "w*" && state.tokens[1].grant.projects == nil)
        world.clock.advance(by: .seconds(61))
        let ended = try #require(try await store.revokeToken(first.id, audit: Self.note))
        #expect(ended.revoked != nil)
        let again = try await store.revokeToken(first.id, audit: Self.note)
        #expect(again?.revoked == ended.revoked)
        let none = try await store.revokeToken(TokenID(99), audit: Self.note)
        #expect(none == nil)
        state = try await store.accessState()
        #expect(state.tokens.map(\.id) == [second.id])
        var fields = TokenFields()
        let all = try await store.tokens(PageQuery(fields, limit: 10))
        #expect(all.map(\.id) == [third.id, second.id, first.id] && all.last?.revoked == ended.revoked && all.last?.by == "ada")
        fields.live = true
        let live = try await store.tokens(PageQuery(fields, limit: 10))
        #expect(live.map(\.id) == [second.id])
        fields.live = false
        let dead = try await store.tokens(PageQuery(fields, ascending: true, after: first.id.rawValue, limit: 10))
        #expect(dead.map(\.id) == [third.id])
        let audit = try await store.auditEntries(PageQuery(AuditFields(), ascending: true, limit: 10))
        #expect(audit.map(\.note) == [Self.note, Self.note])
        #expect(audit.map(\.target) == [AuditTarget("token", first.id), AuditTarget("token", first.id)])
    }

    func accessVersionGrows() async throws {
        let world = try await world()
        var versions = [try await world.store.openWork().access]
        let token = try await world.store.createToken(Self.new("one"), audit: nil)
        versions.append(try await world.store.openWork().access)
        _ = try await world.store.revokeToken(token.id, audit: nil)
        versions.append(try await world.store.openWork().access)
        #expect(versions == [versions[0], versions[0] + 1, versions[0] + 2])
        let state = try await world.store.accessState()
        #expect(state.version == versions[2] && state.tokens.isEmpty)
        let beat = ServiceBeat(incarnation: "i", kind: "web", name: "m", version: "1", address: "a")
        let answer = try await world.store.beat(beat)
        #expect(answer.work.access == versions[2])
    }

    func pageSessionsEnd() async throws {
        let world = try await world()
        let token = try await world.store.createToken(Self.new("one"), audit: nil)
        let session = try await world.store.createToken(Self.new("session", parent: token.id), audit: nil)
        let state = try await world.store.accessState()
        #expect(state.tokens.map(\.parent) == [nil, token.id])
        let listed = try await world.store.tokens(PageQuery(TokenFields(), limit: 10))
        #expect(listed.map(\.id) == [token.id])
        _ = try await world.store.revokeToken(token.id, audit: nil)
        let after = try await world.store.accessState()
        #expect(after.tokens.isEmpty)
        // A token that has ended opens no more.
        await #expect(throws: StoreError.self) { try await world.store.createToken(Self.new("late", parent: token.id), audit: nil) }
        await #expect(throws: StoreError.self) { try await world.store.createToken(Self.new("late", parent: TokenID(99)), audit: nil) }
        #expect(session.id > token.id)
    }

    func usesAreRare() async throws {
        let world = try await world()
        let token = try await world.store.createToken(Self.new("one"), audit: nil)
        let start = world.clock.now()
        func used() async throws -> Timestamp? { try await world.store.tokens(PageQuery(TokenFields(), limit: 1)).first?.used }
        try await world.store.noteTokenUses([:])
        try await world.store.noteTokenUses([token.id: start, TokenID(99): start])
        var seen = try await used()
        #expect(seen == start)
        try await world.store.noteTokenUses([token.id: start.advanced(by: .seconds(59))])
        seen = try await used()
        #expect(seen == start)
        try await world.store.noteTokenUses([token.id: start.advanced(by: .seconds(60))])
        seen = try await used()
        #expect(seen == start.advanced(by: .seconds(60)))
    }

    func auditsControls() async throws {
        let (world, _) = try await scheduled(Samples.configuration())
        let store = world.store
        let key = Samples.key("k")
        let forced = try await store.force(Samples.force(), idempotency: key, audit: Self.note)
        // The repeat makes nothing.
        _ = try await store.force(Samples.force(), idempotency: key, audit: Self.note)
        try await store.setPriority(forced.request, priority: 3, audit: Self.note)
        _ = try await store.cancelRequest(forced.request, reason: "no", audit: Self.note)
        _ = try await store.cancelRequest(forced.request, reason: "no", audit: Self.note)
        // What is refused leaves nothing.
        await #expect(throws: StoreError.self) { try await store.setPriority(forced.request, priority: 4, audit: Self.note) }
        await #expect(throws: StoreError.self) { try await store.force(Samples.force("nowhere"), idempotency: nil, audit: Self.note) }
        let other = try await store.force(Samples.force(), idempotency: nil)
        let worker = try await WorkerDouble(store)
        let build = try #require(try await worker.claim(1).first)
        try await worker.accept([build])
        _ = try await store.cancelBuild(build.build, reason: "no", audit: Self.note)
        let again = try await store.rebuild(build.build, reason: "again", idempotency: nil, audit: Self.note)
        try await store.setWorkerPaused(worker.session.worker, paused: true, audit: Self.note)
        try await store.setWorkerPaused(worker.session.worker, paused: true, audit: Self.note)
        var changed = Samples.configuration(builders: [Samples.builder("test"), Samples.builder("docs")])
        changed.project = "demo"
        _ = try await store.apply(NewRevision(changed, digest: Samples.digest(77), audit: Self.note))
        _ = try await store.apply(NewRevision(changed, digest: Samples.digest(77), audit: Self.note))
        let rows = try await store.auditEntries(PageQuery(AuditFields(), ascending: true, limit: 50))
        let expected: [AuditTarget] = [
            AuditTarget("buildset", forced.buildset, project: "demo"), AuditTarget("request", forced.request, project: "demo"),
            AuditTarget("request", forced.request, project: "demo"), AuditTarget("request", other.request, project: "demo"),
            AuditTarget("buildset", again.buildset, project: "demo"), AuditTarget("worker", worker.session.worker),
        ]
        #expect(rows.dropLast().map(\.target) == expected)
        #expect(rows.last?.target.kind == "config")
        #expect(rows.allSatisfy { $0.note == Self.note && $0.time == world.clock.now() })
        var fields = AuditFields()
        fields.kind = "request"
        fields.target = "\(forced.request)"
        fields.principal = "ada"
        fields.project = "demo"
        let page = try await store.auditEntries(PageQuery(fields, limit: 1))
        let next = try await store.auditEntries(PageQuery(fields, after: page.first?.id.rawValue, limit: 5))
        #expect(page.count == 1 && next.count == 1)
        fields.action = "other"
        let none = try await store.auditEntries(PageQuery(fields, limit: 5))
        #expect(none.isEmpty)
    }

    func auditsRedeliveries() async throws {
        let world = try await world()
        let delivery = NewDelivery(source: "hook", name: nil, event: "push", headers: [:], size: 2, body: Array("{}".utf8))
        let id = try await world.store.note(.first(delivery, DeliveryJudgement(.refused, reason: "no")))
        _ = try await world.store.note(.again(id, DeliveryJudgement(.ignored), audit: Self.note))
        _ = try await world.store.accept([Samples.change("1")], noting: .again(id, DeliveryJudgement(.accepted, changes: 1), audit: Self.note))
        let rows = try await world.store.auditEntries(PageQuery(AuditFields(), limit: 10))
        #expect(rows.map(\.target) == [AuditTarget("delivery", id), AuditTarget("delivery", id)])
    }

    func listsAreBound() async throws {
        let (world, _) = try await scheduled(Samples.configuration())
        let store = world.store
        var made: [String: [ForceReceipt]] = [:]
        for number in 1...6 {
            var force = Samples.force(revision: "r\(number)")
            force.project = number.isMultiple(of: 2) ? "demo" : "other"
            made[force.project, default: []].append(try await store.force(force, idempotency: nil))
            var change = Samples.change("c\(number)", branch: "side", key: "c\(number)")
            change.project = force.project
            _ = try await store.accept([change], advancing: nil)
        }
        let worker = try await WorkerDouble(store, slots: 10)
        _ = try await worker.claim(10)
        let mine = try #require(made["other"])
        for ascending in [true, false] {
            var requests = RequestFields()
            requests.projects = ["other", "none"]
            var after: Int64?
            var found: [RequestID] = []
            while true {
                let page = try await store.requests(PageQuery(requests, ascending: ascending, after: after, limit: 2))
                found += page.map(\.id)
                after = page.last?.id.rawValue
                if page.count < 2 { break }
            }
            #expect(found == (ascending ? mine.map(\.request) : mine.map(\.request).reversed()))
        }
        var requests = RequestFields()
        (requests.projects, requests.branch, requests.builder) = (["other"], "main", "test")
        let filtered = try await store.requests(PageQuery(requests, limit: 10))
        #expect(Set(filtered.map(\.id)) == Set(mine.map(\.request)))
        var buildsets = BuildsetFields()
        buildsets.projects = ["other"]
        let sets = try await store.buildsets(PageQuery(buildsets, limit: 10))
        #expect(Set(sets.map(\.id)) == Set(mine.map(\.buildset)))
        var builds = BuildFields()
        builds.projects = ["other"]
        let ran = try await store.builds(PageQuery(builds, limit: 10))
        #expect(Set(ran.map(\.request)) == Set(mine.map(\.request)))
        var changes = ChangeFilterFields()
        (changes.projects, changes.branch) = (["other"], "side")
        let seen = try await store.changes(PageQuery(changes, ascending: true, limit: 10))
        #expect(seen.map(\.content.revision) == ["c1", "c3", "c5"])
        changes.projects = []
        let nothing = try await store.changes(PageQuery(changes, limit: 10))
        #expect(nothing.isEmpty)
    }

    func keepsTokens() async throws {
        let world = try await world()
        let opening = SessionOpening(
            worker: "w1", incarnation: "i1", secretHash: Samples.digest(1), labels: [:], slots: 1, version: "1", token: TokenID(5))
        let opened = try await world.store.openSession(opening)
        #expect(opened.session.token == TokenID(5))
        let read = try await world.store.session(opened.session.id)
        #expect(read?.token == TokenID(5))
        _ = try await world.store.endSession(opened.session.id, lost: true, reason: "gone")
        var again = opening
        again.token = TokenID(6)
        let reopened = try await world.store.openSession(again)
        #expect(reopened.session.id == opened.session.id && reopened.session.token == TokenID(6))
        var change = Samples.change("1", key: "k")
        change.submittedBy = "ada"
        let receipts = try await world.store.accept([change, Samples.change("2", key: "l")], advancing: nil)
        let first = try await world.store.change(receipts[0].id)
        let second = try await world.store.change(receipts[1].id)
        #expect(first?.content.submittedBy == "ada" && second?.content.submittedBy == nil)
    }
}
