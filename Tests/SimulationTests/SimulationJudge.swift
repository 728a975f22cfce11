import Domain
import Storage
import StoreConformance
import Testing

/// What must hold when a simulation has come to rest, told from the store alone.
struct SimulationJudge<S: Store> {
    let store: S
    let seed: UInt64

    func check(accepted: [String: ChangeID], logs: [BuildID: [UInt8]], acknowledged: [BuildID: Int64], outcomes: [BuildID: Outcome]) async throws {
        try await checkBuildsets(accepted)
        let requests = try await everyRequest()
        #expect(requests.allSatisfy { $0.phase == .finished }, "seed \(seed)")
        let events = try await store.everyEvent()
        for request in requests {
            let ends = events.filter { $0.kind == .requestFinished && $0.entityID == request.id.rawValue }
            #expect(ends.count == 1, "seed \(seed): request \(request.id) finished \(ends.count) times")
        }
        expectContiguousVersions(events)
        try await checkAnswers(requests, events, outcomes)
        #expect(Set(events.map(\.messageID)).count == events.count, "seed \(seed): a message id stands twice")
        for (build, output) in logs {
            let stored = try await store.readLog(build, name: SimulatedWorker.logName, offset: 0, limit: 1 << 20)
            #expect(stored == output, "seed \(seed): the log of build \(build)")
        }
        // A lost attempt's log is a prefix that holds every acknowledged byte.
        for (build, size) in acknowledged where logs[build] == nil {
            let held = try await store.logStatus(build, name: SimulatedWorker.logName)?.size ?? 0
            #expect(held >= size, "seed \(seed): build \(build) lost bytes that were acknowledged")
        }
    }

    /// Each request that was not cancelled has the outcome of one build that finished, its own or that of a request for the same; and of those that waited for the
    /// same when one was claimed, that one alone got a build.
    private func checkAnswers(_ requests: [RequestRow], _ events: [EventRecord], _ outcomes: [BuildID: Outcome]) async throws {
        #expect(requests.contains { $0.answeredBy != nil }, "seed \(seed): nothing was answered by another's build")
        let byID = requests.reduce(into: [:]) { $0[$1.id] = $1 }
        for request in requests where request.outcome != .cancelled {
            guard let id = request.answeredBy ?? request.builds.last, let build = try await store.build(id) else {
                Issue.record("seed \(seed): request \(request.id) ended as \(String(describing: request.outcome)) without a build")
                continue
            }
            // The only other end is that of a request that lost too many workers.
            let said = request.outcome == .exception ? .exception : outcomes[id]
            #expect(build.phase == .finished && build.outcome == request.outcome && said == request.outcome, "seed \(seed): \(request.id)")
            guard let owner = byID[build.request], owner.id != request.id else { continue }
            #expect(request.answeredBy == id && owner.builder == request.builder && owner.stamp == request.stamp, "seed \(seed): \(request.id)")
        }
        try checkGroups(byID, events)
    }

    private func checkGroups(_ requests: [RequestID: RequestRow], _ events: [EventRecord]) throws {
        var pending: [String: Set<RequestID>] = [:]
        // Those that waited when one of them was claimed, until they are told that its build answers them.
        var left: [String: Set<RequestID>] = [:]
        for event in events where event.entity == .request {
            let id = RequestID(event.entityID)
            guard let request = requests[id] else { continue }
            let same = "\(request.builder) \(request.stamp.id)"
            let fact = try event.fact(RequestFact.self)
            if event.kind == .requestClaimed, fact.answeredBy != nil {
                left[same]?.remove(id)
                pending[same]?.remove(id)
                continue
            }
            #expect(left[same]?.isEmpty ?? true, "seed \(seed): \(left[same] ?? []) had no part in the build of their like")
            if fact.phase == .pending { pending[same, default: []].insert(id) } else { pending[same]?.remove(id) }
            if event.kind == .requestClaimed { left[same] = pending[same] }
        }
    }

    /// Each change has exactly one buildset for each rule that is interested in it.
    private func checkBuildsets(_ accepted: [String: ChangeID]) async throws {
        var found: [ChangeID: [String: Int]] = [:]
        var after: Int64?
        while true {
            let page = try await store.buildsets(PageQuery(BuildsetFields(), ascending: true, after: after, limit: 100))
            guard let last = page.last else { break }
            after = last.id.rawValue
            for buildset in page {
                #expect(buildset.finished != nil, "seed \(seed): buildset \(buildset.id) never ended")
                for change in buildset.changes { found[change, default: [:]][buildset.scheduler, default: 0] += 1 }
            }
        }
        for (key, change) in accepted {
            let row = try await store.change(change)
            let expected = row?.content.branch == "main" ? ["each": 1, "again": 1, "settled": 1] : ["each": 1, "again": 1]
            #expect(found[change] == expected, "seed \(seed): \(key) is change \(change)")
        }
        #expect(found.count == accepted.count, "seed \(seed): changes that nobody was told of, or that were built twice")
    }

    private func everyRequest() async throws -> [RequestRow] {
        var all: [RequestRow] = []
        while true {
            let page = try await store.requests(PageQuery(RequestFields(), ascending: true, after: all.last?.id.rawValue, limit: 100))
            if page.isEmpty { return all }
            all += page
        }
    }
}
