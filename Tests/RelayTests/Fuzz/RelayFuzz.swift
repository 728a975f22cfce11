import Foundation
import ProcessSupport
import ServerSupport
import Storage
import TestSupport
import Testing

@testable import Relay
@testable import StoragePostgres

/// Many writers with long transactions, three relays that are killed and frozen, and a consumer that proves that it missed nothing (DESIGN §5).
@Suite(.serialized) struct RelayFuzz {
    private let plan = FuzzPlan.fromEnvironment()

    private func begin() async throws -> (url: PostgresAddress, pool: PostgresPool) {
        print("relay fuzz: DOORBELL_FAULTS_SEED=\(plan.seed)")
        let address = try PostgresAddress(try await PrivatePostgres.shared().newDatabase())
        try await PostgresStore.open(address, connections: 2, migrating: true).close()
        let pool = PostgresPool(address, size: plan.writers + 1)
        try await FuzzWriter.prepare(pool, plan)
        return (address, pool)
    }

    private func write(_ pool: PostgresPool, ring: @escaping @Sendable () -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<plan.writers {
                let writer = FuzzWriter(pool: pool, plan: plan, number: number, ring: ring)
                group.addTask { try await writer.run() }
            }
            try await group.waitForAll()
        }
    }

    @Test("Whatever becomes of the relays, the consumer gets every event, and of each entity in order")
    func nothingIsLostOrInverted() async throws {
        let (address, pool) = try await begin()
        let recorder = Recorder()
        let fleet = try await FuzzFleet(address, recorder: recorder, plan: plan)
        let faults = Task { try await fleet.breakThings() }
        try await write(pool) { fleet.ring() }
        try await faults.value
        try await fleet.drain()
        let verdict = FuzzJudge.judge(committed: try await FuzzWriter.committed(pool), delivered: recorder.delivered)
        print("relay fuzz: \(verdict); \(fleet.summary)")
        #expect(verdict.isClean, "seed \(plan.seed): \(verdict)")
        #expect(verdict.committed > plan.writers * plan.transactions)
        // A refusal is the business of one queue: the event is on record, and everything else went on.
        #expect(try await fleet.refused().isSuperset(of: recorder.refused))
        await fleet.end()
        await pool.close()
    }

    @Test("The fuzz catches the queries that are wrong", arguments: WrongReader.allCases)
    func wrongQueriesAreCaught(reader: WrongReader) async throws {
        let (_, pool) = try await begin()
        let recorder = Recorder()
        let written = Flag()
        let reading = Task { try await reader.run(pool, recorder) { written.isRaised } }
        try await write(pool) {}
        written.raise()
        try await reading.value
        let verdict = FuzzJudge.judge(committed: try await FuzzWriter.committed(pool), delivered: recorder.delivered)
        print("relay fuzz: \(reader.rawValue): \(verdict)")
        switch reader {
        case .sequence: #expect(verdict.lost > 0, "seed \(plan.seed): \(verdict)")
        case .transaction: #expect(verdict.lost == 0 && verdict.inverted > 0, "seed \(plan.seed): \(verdict)")
        }
        await pool.close()
    }
}
