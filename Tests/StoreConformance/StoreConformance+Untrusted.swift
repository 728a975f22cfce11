import Domain
import Storage
import Testing

extension StoreConformance where S: Store {
    public static var untrustedRules: [Rule] {
        [
            Rule("what nobody may trust is built by workers that accept it, and again by those when one is lost") { try await $0.acceptingBuild() },
            Rule("another word on who builds what nobody may trust moves what waits, and nothing else") { try await $0.wordMoves() },
            Rule("no property of a rule takes the mark away: not what builds, what follows, nor what is built again") { try await $0.markStays() },
            Rule("a build by hand of what only an untrusted change brought is untrusted") { try await $0.byHandIsMarked() },
            Rule("where forks come, a build by hand of what no trusted change names is untrusted") { try await $0.byHandFailsClosed() },
        ]
    }

    private static var accepting: Labels { [UntrustedRule.label: UntrustedRule.labelValue] }

    private static func configuration(_ untrusted: UntrustedRule? = nil) -> Configuration {
        var configuration = Samples.configuration(builders: [Samples.builder("test"), Samples.builder("upload")])
        configuration.schedulers[0].forks = true
        configuration.schedulers[0].properties = [PullProperty.untrusted: false]
        configuration.schedulers.append(
            SchedulerRule(
                name: "publish", kind: .dependent, builders: ["upload"], properties: [PullProperty.untrusted: false],
                follows: Dependence(schedulers: ["commits"], outcomes: [.success])))
        configuration.untrusted = untrusted
        return configuration
    }

    private static func fork(_ revision: String, branch: String = "main") -> NewChange {
        var change = Samples.change(revision, branch: branch, key: revision)
        change.properties = [PullProperty.untrusted: true]
        return change
    }

    private func forked(_ changes: [NewChange], _ untrusted: UntrustedRule? = nil) async throws -> World<S> {
        let (world, planner) = try await scheduled(Self.configuration(untrusted))
        _ = try await world.store.accept(changes, advancing: nil)
        _ = try await world.store.classify(limit: 10, planner: planner)
        return world
    }

    func acceptingBuild() async throws {
        let world = try await forked([Self.fork("1"), Samples.change("2")])
        let plain = try await WorkerDouble(world.store, "plain")
        let trusted = try await plain.claim()
        #expect(trusted.map(\.stamp.revision) == ["2"])
        #expect(try await world.store.why(RequestID(1))?.required == Self.accepting)
        let first = try await WorkerDouble(world.store, "accepting", labels: Self.accepting)
        let build = try #require(try await first.claim().first)
        #expect(build.stamp.revision == "1" && build.properties.isUntrusted)
        try await first.accept([build])
        _ = try await world.store.endSession(first.session.id, lost: true, reason: "gone")
        #expect(try await plain.claim(holding: trusted).isEmpty)
        let second = try await WorkerDouble(world.store, "another", labels: Self.accepting)
        #expect(try await second.claim().map(\.attempt) == [2])
    }

    func wordMoves() async throws {
        let world = try await forked([Self.fork("1"), Samples.change("2")])
        let plain = try await WorkerDouble(world.store, "plain")
        _ = try await world.store.apply(Self.configuration(UntrustedRule(workers: .any)), digest: Samples.digest(8))
        #expect(try await world.store.why(RequestID(1))?.required == [:])
        _ = try await world.store.apply(Self.configuration(UntrustedRule(workers: .accepting)), digest: Samples.digest(9))
        #expect(try await world.store.why(RequestID(1))?.required == Self.accepting)
        #expect(try await world.store.why(RequestID(2))?.required == [:])
        // So does another word on what the builder itself asks for.
        var narrow = Self.configuration()
        narrow.builders[0].labels = ["os": "linux"]
        _ = try await world.store.apply(narrow, digest: Samples.digest(10))
        let both = Self.accepting.merging(["os": "linux"]) { $1 }
        #expect(try await world.store.why(RequestID(1))?.required == both)
        #expect(try await world.store.why(RequestID(2))?.required == ["os": "linux"])
        _ = try await world.store.apply(Self.configuration(UntrustedRule(workers: .any)), digest: Samples.digest(11))
        #expect(try await plain.claim().map(\.stamp.revision) == ["1", "2"])
    }

    func markStays() async throws {
        let world = try await forked([Self.fork("1")])
        let worker = try await WorkerDouble(world.store, labels: Self.accepting)
        let build = try #require(try await worker.claim().first)
        #expect(build.properties.isUntrusted)
        try await worker.accept([build])
        try await worker.finish(build)
        _ = try await world.store.followEnds(limit: 10)
        _ = try await world.store.rebuild(build.build, reason: "again", idempotency: nil)
        let later = try await worker.claim()
        #expect(Set(later.map(\.builder.name)) == ["test", "upload"])
        #expect(later.filter(\.properties.isUntrusted).count == 2)
    }

    func byHandIsMarked() async throws {
        let world = try await forked([Self.fork("aaaaaaaaaaaa1", branch: "pull"), Samples.change("bbbbbbbbbbbb1")])
        func isMarked(branch: String, _ revision: String?) async throws -> Bool {
            let receipt = try await world.store.force(Samples.force(branch: branch, revision: revision), idempotency: nil)
            let buildset = try #require(try await world.store.buildset(receipt.buildset))
            return buildset.properties.isUntrusted
        }
        #expect(try await isMarked(branch: "pull", nil))
        #expect(try await isMarked(branch: "main", "aaaaaaaaaaaa1"))
        #expect(try await isMarked(branch: "main", "aaaaaaa"))
        #expect(try await isMarked(branch: "main", nil) == false)
        #expect(try await isMarked(branch: "main", "bbbbbbbbbbbb1") == false)
        // Once it is on a branch of ours, it is ours.
        _ = try await world.store.accept([Samples.change("aaaaaaaaaaaa1", key: "merged")], advancing: nil)
        #expect(try await isMarked(branch: "main", "aaaaaaaaaaaa1") == false)
        #expect(try await isMarked(branch: "main", "AAAAAAAAAAAA1") == false)
        // What two begin with may be either.
        #expect(try await isMarked(branch: "main", "aaaaaaa"))
    }

    func byHandFailsClosed() async throws {
        let (world, planner) = try await scheduled(Self.configuration())
        _ = try await world.store.accept([Samples.change("bbbbbbbbbbbb1")], advancing: nil)
        func isMarked(branch: String = "main", _ revision: String?, repository: String = Samples.repository) async throws -> Bool {
            var force = Samples.force(branch: branch, revision: revision)
            force.repository = repository
            let receipt = try await world.store.force(force, idempotency: nil)
            return try #require(try await world.store.buildset(receipt.buildset)).properties.isUntrusted
        }
        // Without forks there is nobody to keep out, but for heads that no change of ours is at.
        #expect(try await isMarked("cccccccccccc1") == false)
        #expect(try await isMarked(branch: "new", nil) == false)
        #expect(try await isMarked(branch: "refs/tags/v1", nil) == false)
        for branch in ["refs/pull/5/head", "refs/merge-requests/5/head", "refs/changes/05/5/1"] { #expect(try await isMarked(branch: branch, nil)) }
        _ = try await world.store.accept([Samples.change("dddddddddddd1", branch: "refs/pull/6/head", key: "6")], advancing: nil)
        #expect(try await isMarked(branch: "refs/pull/6/head", nil) == false)
        var fork = Self.fork("aaaaaaaaaaaa1", branch: "refs/pull/7/head")
        fork.properties[PullProperty.mergeRevision] = "eeeeeeeeeeee1"
        fork.properties[PullProperty.headRepository] = "eve/fork"
        _ = try await world.store.accept([fork], advancing: nil)
        _ = try await world.store.classify(limit: 10, planner: planner)
        for revision in ["AAAAAAAAAAAA1", "AAAAAAA", "eeeeeeeeeeee1", "EEEEEEEEEEEE1", "cccccccccccc1", "bbbbbb"] {
            #expect(try await isMarked(revision), "\(revision)")
        }
        #expect(try await isMarked(branch: "new", nil))
        #expect(try await isMarked(nil, repository: "https://example.org/eve/fork"))
        #expect(try await isMarked("bbbbbbbbbbbb1", repository: "https://example.org/eve/fork"))
        for revision in [nil, "bbbbbbbbbbbb1", "BBBBBBBBBBBB1", "bbbbbbb"] as [String?] { #expect(try await isMarked(revision) == false) }
        #expect(try await isMarked(branch: "refs/pull/6/head", nil) == false)
    }
}
