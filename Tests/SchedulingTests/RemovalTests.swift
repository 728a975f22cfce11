import Domain
import Scheduling
import Storage
import Testing

@Suite(.timeLimit(.minutes(10))) struct RemovalTests {
    private static let without = Configuration(project: "demo", builders: [Builder(name: "other", steps: [])])

    private func open(_ store: any QueryStore) async throws -> Int {
        var fields = BuildsetFields()
        fields.finished = false
        return try await store.buildsets(PageQuery(fields, limit: 500)).count
    }

    @Test("Whatever waits for a removed builder ends without being asked for, however much it is, and is looked for again later")
    func ends() async throws {
        let rig = try await SchedulingRig(SchedulingRig.rule())
        let planner = Planner(configuration: Configuration(project: "demo"))
        try await rig.accept((1...250).map(String.init))
        _ = try await rig.store.classify(limit: 500, planner: planner)
        #expect(try await open(rig.store) == 250)
        _ = try await rig.store.apply(Self.without, digest: String(repeating: "a", count: 64))
        let loop = RemovalPass(store: rig.store, bell: rig.bell, clock: rig.clock, logger: rig.log.logger).loop
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await loop.run() }
            defer { group.cancelAll() }
            // Full batches follow each other; behind the last one, which is not full, it sleeps.
            await rig.sleeps(for: .seconds(600))
            #expect(try await open(rig.store) == 0)

            // One that comes back to waiting later, of which no ring tells.
            try await rig.apply([SchedulingRig.rule()])
            try await rig.accept(["251"])
            _ = try await rig.store.classify(limit: 500, planner: planner)
            _ = try await rig.store.apply(Self.without, digest: String(repeating: "b", count: 64))
            #expect(try await open(rig.store) == 1)
            rig.advance(by: .seconds(600))
            await rig.sleeps(for: .seconds(600))
            #expect(try await open(rig.store) == 0)
        }
        try await rig.store.close()
    }
}
