import Foundation
import GRDB
import ProcessSupport
import Testing

/// The promise: no accepted change is ever lost, no build is done twice, whatever dies at whatever moment.
@Suite(.serialized) struct PromiseTests {
    @Test("Nothing accepted is lost and nothing is done twice while processes are killed at random moments")
    func killsAtRandomMoments() async throws {
        let plan = FaultPlan.fromEnvironment()
        print("fault run: \(plan.changes) changes, \(plan.kills) kills, seed \(plan.seed)")
        let run = try FaultRun(plan: plan)
        do {
            try await run.perform()
        } catch {
            await run.stop()
            Issue.record("seed \(plan.seed): \(error)\n\(run.serverLog)")
            return
        }
        let context: Comment = "seed \(plan.seed)"
        #expect(run.survivors.isEmpty, context)
        #expect(run.answers.count == plan.changes, context)
        do {
            try await checkLogs(run, context)
            #expect(await run.drain(), context)
            try run.ledger.check(context)
            try checkStore(run, context)
        } catch {
            Issue.record("seed \(plan.seed): \(error)\n\(run.serverLog)")
        }
        await run.stop()
    }

    /// A finished build's log is what its step wrote; a lost attempt's is a prefix of it.
    private func checkLogs(_ run: FaultRun, _ context: Comment) async throws {
        let api = run.deployment.api
        var compared = 0
        for build in try await api.list("/api/v1/builds?builder=talks") {
            guard let id = build["id"] as? Int else { continue }
            let wrote = run.ledger.written(by: Int64(id))
            let answer = try await api.get("/api/v1/builds/\(id)/logs/1-talk")
            let log = answer.status == 200 ? answer.body : Data()
            if build["outcome"] as? String == "success" {
                #expect(log == wrote, "build \(id), \(context)")
                compared += 1
            } else {
                #expect(wrote.starts(with: log), "lost build \(id), \(context)")
            }
        }
        #expect(compared == run.plan.changes, context)
    }

    private func checkStore(_ run: FaultRun, _ context: Comment) throws {
        var configuration = GRDB.Configuration()
        configuration.readonly = true
        let database = try DatabaseQueue(path: run.deployment.dataDirectory + "/doorbell.sqlite", configuration: configuration)
        try database.read { database in
            for (number, change) in run.answers {
                let key = try String.fetchOne(database, sql: "SELECT dedupe_key FROM change_keys WHERE change = ?", arguments: [change])
                #expect(key == "fault-\(number)", "change \(change), \(context)")
                let schedulers = try String.fetchAll(
                    database,
                    sql: """
                        SELECT buildsets.scheduler FROM buildset_changes JOIN buildsets ON buildsets.id = buildset_changes.buildset
                        WHERE buildset_changes.change = ? ORDER BY buildsets.scheduler
                        """, arguments: [change])
                #expect(schedulers == ["all", "each"], "change \(change), \(context)")
            }
            #expect(try count(database, "SELECT count(*) FROM changes") == run.plan.changes, context)
            #expect(try count(database, "SELECT count(*) FROM requests WHERE outcome IS NOT 'success'") == 0, context)
            let finishedTwice = """
                SELECT count(*) FROM (SELECT entity_id FROM outbox WHERE event = 'request.finished' GROUP BY entity_id HAVING count(*) <> 1)
                """
            #expect(try count(database, finishedTwice) == 0, context)
            #expect(
                try count(database, "SELECT count(DISTINCT entity_id) FROM outbox WHERE event = 'request.finished'") == run.plan.changes * 2, context)
            let holes = """
                SELECT count(*) FROM (SELECT entity FROM outbox GROUP BY entity, entity_id
                HAVING min(entity_version) <> 1 OR max(entity_version) <> count(*) OR count(DISTINCT entity_version) <> count(*))
                """
            #expect(try count(database, holes) == 0, context)
            let lost = try count(database, "SELECT count(*) FROM builds WHERE cause = 'lost'")
            print("fault run: \(lost) builds lost and tried again")
        }
    }

    private func count(_ database: Database, _ sql: String) throws -> Int {
        try Int.fetchOne(database, sql: sql) ?? -1
    }
}
