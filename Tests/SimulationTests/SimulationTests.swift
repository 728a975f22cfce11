import Foundation
import ServerSupport
import Storage
import StoragePostgres
import StorageSQLite
import TestSupport
import Testing

/// Seeded histories of a whole deployment. `DOORBELL_FAULTS=long` runs thousands, `DOORBELL_FAULTS_SEED` repeats one.
@Suite struct SimulationTests {
    static let seeds: [UInt64] = {
        let environment = ProcessInfo.processInfo.environment
        if let seed = environment["DOORBELL_FAULTS_SEED"].flatMap({ UInt64($0) }) { return [seed] }
        let first = UInt64.random(in: 1...1 << 40)
        return (0..<(isLong ? 2000 : 24)).map { first + $0 }
    }()
    static let isLong = ProcessInfo.processInfo.environment["DOORBELL_FAULTS"] == "long"

    @Test("Whatever dies, is late, lost or doubled, each change is decided once and each request finished once: embedded store")
    func embedded() async throws {
        print("simulation: \(Self.seeds.count) seeds from \(Self.seeds[0])")
        for seed in Self.seeds {
            let directory = TemporaryDirectory()
            let clock = ManualStoreClock()
            let store = try await SQLiteStore.open(directory: directory.path, clock: clock)
            try await Self.simulate(store, clock, seed)
            try await store.close()
        }
    }

    @Test("Whatever dies, is late, lost or doubled, each change is decided once and each request finished once: store of many processes")
    func manyProcesses() async throws {
        let server = try await PrivatePostgres.shared()
        let seeds = Self.seeds.prefix(Self.isLong ? 200 : 6)
        print("simulation: \(seeds.count) seeds from \(Self.seeds[0]) on PostgreSQL")
        for seed in seeds {
            let clock = ManualStoreClock()
            let address = try PostgresAddress(try await server.newDatabase())
            let store = try await PostgresStore.open(address, connections: 2, migrating: true, clock: clock)
            try await Self.simulate(store, clock, seed)
            try await store.close()
        }
    }

    static func simulate(_ store: some Store, _ clock: ManualStoreClock, _ seed: UInt64) async throws {
        var simulation = try await Simulation(store: store, clock: clock, seed: seed)
        try await simulation.run(steps: 400, changes: 25)
        try await SimulationJudge(store: store, seed: seed).check(
            accepted: simulation.accepted, logs: simulation.logs, acknowledged: simulation.acknowledged, outcomes: simulation.outcomes)
    }
}
