import ProcessSupport
import Storage
import Synchronization

@testable import Relay
@testable import StoragePostgres

/// The three relays of the fuzz, and what happens to them.
final class FuzzFleet: Sendable {
    private struct State {
        var relays: [FuzzRelay] = []
        var started = 0
        var kills = 0
        var freezes = 0
        var termsLost: UInt64 = 0
        var interrupted: UInt64 = 0
    }

    private let store: PostgresStore
    private let recorder: Recorder
    private let plan: FuzzPlan
    private let state = Mutex(State())

    init(_ address: PostgresAddress, recorder: Recorder, plan: FuzzPlan) async throws {
        store = try await PostgresStore.open(address, connections: 6, migrating: false)
        self.recorder = recorder
        self.plan = plan
        for _ in 0..<3 { start() }
    }

    private func start() {
        state.withLock { state in
            state.started += 1
            state.relays.append(
                FuzzRelay(
                    store: store, recorder: recorder, name: "relay-\(state.started)", plan: plan, seed: plan.seed &+ UInt64(state.started) &* 104_729)
            )
        }
    }

    private var relays: [FuzzRelay] { state.withLock { $0.relays } }

    func ring() {
        for relay in relays { relay.bell.ring(.relay) }
    }

    /// Now and then kills the leader, or freezes it for longer than its lease.
    func breakThings() async throws {
        var random = SeededGenerator(seed: plan.seed ^ 0x5EED)
        for _ in 0..<plan.faults {
            try await Task.sleep(for: .milliseconds(Int.random(in: 20...120, using: &random)))
            // In most cases the leader; else whoever comes.
            let candidates = relays
            guard let victim = candidates.first(where: \.isLeading) ?? candidates.randomElement(using: &random) else { continue }
            if Bool.random(using: &random) {
                state.withLock { state in
                    state.kills += 1
                    state.relays.removeAll { $0 === victim }
                }
                start()
                await retire(victim)
            } else {
                state.withLock { $0.freezes += 1 }
                victim.gate.close()
                try await Task.sleep(for: plan.lease + plan.lease / 2)
                victim.gate.open()
            }
        }
    }

    private func retire(_ relay: FuzzRelay) async {
        await relay.kill()
        state.withLock { state in
            state.termsLost += relay.statistics.termsLost
            state.interrupted += relay.statistics.interrupted
        }
    }

    /// Rings until everything is published, as sweeps do; the test's time limit is the bound.
    func drain() async throws {
        while true {
            ring()
            let lag = try await store.relayLag(shard: 0)
            if lag.events == 0, lag.age == .zero { return }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    func refused() async throws -> Set<String> {
        Set(try await store.refusedEvents(shard: 0, limit: 100_000).map(\.messageID))
    }

    func end() async {
        for relay in relays { await retire(relay) }
        try? await store.close()
    }

    var summary: String {
        let relays = relays
        return state.withLock { state in
            let lost = relays.reduce(state.termsLost) { $0 + $1.statistics.termsLost }
            let interrupted = relays.reduce(state.interrupted) { $0 + $1.statistics.interrupted }
            return "\(state.kills) kills, \(state.freezes) freezes, \(lost) terms lost, \(interrupted) batches broken off"
        }
    }
}
