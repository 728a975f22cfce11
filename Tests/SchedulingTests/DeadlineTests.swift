import Domain
import Scheduling
import Storage
import Testing

@Suite(.timeLimit(.minutes(10))) struct DeadlineTests {
    @Test("A request ends at its deadline: the pass sleeps until the nearest one, and a ring tells of a nearer")
    func ends() async throws {
        let rig = try await SchedulingRig(SchedulingRig.rule())
        var builders = [Builder(name: "slow", steps: []), Builder(name: "hasty", steps: [])]
        (builders[0].deadline, builders[1].deadline) = (.seconds(50), .seconds(20))
        _ = try await rig.store.apply(Configuration(project: "demo", builders: builders), digest: String(repeating: "a", count: 64))
        @Sendable func force(_ builder: String) async throws -> RequestID {
            try await rig.store.force(
                ForceRequest(builder: builder, project: "demo", repository: "r", branch: "b", revision: "1", reason: ""), idempotency: nil
            ).request
        }
        let slow = try await force("slow")
        let loop = DeadlinePass(store: rig.store, bell: rig.bell, clock: rig.clock, logger: rig.log.logger).loop
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await loop.run() }
            defer { group.cancelAll() }
            await rig.sleeps(for: .seconds(50))
            let hasty = try await force("hasty")
            rig.bell.ring(.schedulingDeadlines)
            await rig.sleeps(for: .seconds(20))
            rig.advance(by: .seconds(20))
            await rig.sleeps(for: .seconds(30))
            #expect(try await rig.store.request(hasty)?.outcome == .cancelled)
            #expect(try await rig.store.request(slow)?.phase == .pending)
            let rings = rig.dispatchRings.value
            rig.advance(by: .seconds(30))
            await rig.dispatchRings.wait(until: { $0 > rings })
            #expect(try await rig.store.request(slow)?.outcome == .cancelled)
        }
        try await rig.store.close()
    }
}
