import ServerSupport
import Storage
import Synchronization
import Testing

@testable import StoragePostgres

/// The connection is lost while COMMIT is on its way, or its answer.
@Suite(.takingTurns) struct PostgresCommitTests {
    /// Cuts the first connection that commits, once.
    private func cutting(_ proxy: FaultProxy, _ verdict: FaultProxy.Verdict) {
        let isDone = Atomic<Bool>(false)
        proxy.judge { direction, piece in
            guard direction == .toServer, piece.contains("COMMIT"), !isDone.exchange(true, ordering: .relaxed) else { return .pass }
            return verdict
        }
    }

    private struct Outcome {
        var rows: Int
        var runs: Int
        var told: Int
    }

    private func insertOnce(_ verdict: FaultProxy.Verdict, alsoRefusing: Bool = false) async throws -> Outcome {
        let database = try await TestDatabase()
        _ = try database.run("CREATE TABLE t (id bigint)")
        let proxy = try FaultProxy(to: database.port)
        let pool = PostgresPool(try PostgresAddress(database.url(port: proxy.port)), limits: PostgresPool.limits(connections: 1))
        cutting(proxy, verdict)
        let runs = Atomic<Int>(0)
        let told = Atomic<Int>(0)
        try await pool.transaction("writing") { tx in
            runs.add(1, ordering: .relaxed)
            try tx.run("INSERT INTO t VALUES (1)")
            tx.whenCommitted { told.add(1, ordering: .relaxed) }
        }
        await pool.close()
        proxy.stop()
        return Outcome(rows: try database.count("t"), runs: runs.load(ordering: .relaxed), told: told.load(ordering: .relaxed))
    }

    @Test("A COMMIT that never reached the server is found undone, and the transaction is run again")
    func neverArrived() async throws {
        let outcome = try await insertOnce(.cutBefore)
        #expect(outcome.rows == 1 && outcome.runs == 2 && outcome.told == 1)
    }

    @Test("A COMMIT whose answer was lost is found done, and nothing is run again")
    func answerLost() async throws {
        let outcome = try await insertOnce(.cutAfter)
        #expect(outcome.rows == 1 && outcome.runs == 1 && outcome.told == 1)
    }

    @Test("While the database is away whether it was done stays open, and that is what is told")
    func stillAway() async throws {
        let database = try await TestDatabase()
        _ = try database.run("CREATE TABLE t (id bigint)")
        let proxy = try FaultProxy(to: database.port)
        var limits = PostgresPool.limits(connections: 1)
        limits.longestDoubt = .milliseconds(200)
        let pool = PostgresPool(try PostgresAddress(database.url(port: proxy.port)), limits: limits)
        // Not in a transaction, whose COMMIT would be cut.
        _ = try await pool.withConnection("connecting") { try $0.run([.init("SELECT 1")]).count }
        proxy.refuse(true)
        cutting(proxy, .cutAfter)
        let error = await refusal { try await pool.transaction("writing") { _ = try $0.run("INSERT INTO t VALUES (1)") } }
        guard case .unavailable(let text) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(text.contains("whether it was done is not known"))
        #expect(try await eventually { try database.count("t") == 1 })
        proxy.refuse(false)
        #expect(await eventually { !pool.statistics.isAway })
        await pool.close()
        proxy.stop()
    }
}

extension [UInt8] {
    fileprivate func contains(_ text: String) -> Bool {
        let text = Array(text.utf8)
        return indices.contains { self[$0...].starts(with: text) }
    }
}
