import Domain
import Storage
import StoreConformance
import Testing

/// What must hold when a simulation has come to rest, told from the store alone.
struct SimulationJudge<S: Store> {
    let store: S
    let seed: UInt64

    func check(accepted: [String: ChangeID], logs: [BuildID: [UInt8]], acknowledged: [BuildID: Int64]) async throws {
        try await checkBuildsets(accepted)
        let requests = try await everyRequest()
        #expect(requests.allSatisfy { $0.phase == .finished }, "seed \(seed)")
        let events = try await store.everyEvent()
        for request in requests {
            let ends = events.filter { $0.kind == .requestFinished && $0.entityID == request.id.rawValue }
            #expect(ends.count == 1, "seed \(seed): request \(request.id) finished \(ends.count) times")
        }
        expectContiguousVersions(events)
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
            let expected = row?.content.branch == "main" ? ["each": 1, "settled": 1] : ["each": 1]
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
