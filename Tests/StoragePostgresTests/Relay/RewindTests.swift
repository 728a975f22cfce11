import Domain
import Foundation
import ProcessSupport
import ServerSupport
import Storage
import StoreConformance
import TestSupport
import Testing

@testable import StoragePostgres

/// A restore or a promotion takes back what was published: consumers are told, and nothing that is there is lost (DESIGN §5).
@Suite(.takingTurns) struct RewindTests {
    @Test("When the database goes on in another timeline, one of many raises the epoch, and the event says so")
    func timeline() async throws {
        let world = try await OutboxWorld.make()
        try await world.write(["1"])
        #expect(try await world.publishAll().count == 1)
        let before = try await world.store.latestCursor()
        // As a promotion leaves it: the server writes a timeline that the deployment does not know.
        try await world.store.write("setting the scene") { _ = try $0.sql.run("UPDATE deployment SET timeline = timeline + 1") }
        _ = try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<4 { group.addTask { try await world.store.tick(shard: 0) } }
            return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(world.store.epoch == 2)
        await #expect {
            try await world.store.events(after: before, limit: 10)
        } throws: { error in
            if case StoreError.conflict = error { true } else { false }
        }
        let told = try await world.publishAll()
        #expect(told.map(\.kind) == [.deploymentRewound])
        #expect(told.first?.entityVersion == 1)
        let fact = try #require(try told.first?.fact(DeploymentFact.self))
        #expect(fact.epoch == 2 && fact.previousEpoch == 1)
        #expect(fact.deployment == world.store.deployment)
        try await world.store.close()
    }

    @Test("After a restore on another server everything that was not published is, and the deployment goes on")
    func restored() async throws {
        let world = try await OutboxWorld.make()
        try await world.write(["1", "2"])
        #expect(try await world.publishAll().count == 2)
        try await world.write(["3"])
        _ = try await world.store.tick(shard: 0)
        try await world.write(["4"])
        let deployment = world.store.deployment
        try await world.store.close()

        let other = try await PrivatePostgres.start()
        let target = try await other.newDatabase()
        try await Self.copy(world.url, to: target)
        let restored = try await OutboxWorld.open(target, migrating: false)
        #expect(restored.store.deployment == deployment)
        #expect(restored.store.epoch == 2)
        try await restored.write(["5"])
        let published = try await restored.publishAll()
        #expect(try restored.revisions(published).filter { !["1", "2"].contains($0) } == ["3", "4", "5"])
        #expect(published.contains { $0.kind == .deploymentRewound })
        // The rows are as they were, but for the numbers of transactions that nobody here had.
        #expect(try restored.revisions(try await restored.store.everyEvent()) == ["1", "2", "3", "4", "5"])
        try await restored.store.close()
        try await other.stop()
    }

    @Test("A promoted standby that missed the last moment is a new epoch: the same process goes on there, consumers are told, and the relay goes on")
    func promoted() async throws {
        let primary = try await PrivatePostgres.start()
        let url = try await primary.newDatabase()
        let standby = try await primary.startStandby()
        let world = try await OutboxWorld.open(try Self.url(url, and: await standby.url(of: "postgres")))
        try await world.write(["1"])
        #expect(try await world.publishAll().count == 1)
        let database = TestDatabase(url: url)
        #expect(
            await eventually {
                (try? database.run("SELECT bool_and(replay_lsn = pg_current_wal_lsn()) FROM pg_stat_replication")[0].first?.bool(0)) == true
            })
        // What follows never reaches the standby, and is published all the same.
        try await standby.stop(.immediate)
        try await world.write(["missed"])
        #expect(try await world.publishAll().count == 1)
        let before = try await world.store.latestCursor()
        try await primary.stop(.immediate)
        try await standby.startAgain()
        try await standby.promote()
        #expect(await eventually { (try? await world.write(["2"])) != nil })
        let told = try await world.publishAll()
        #expect(world.store.epoch == 2)
        #expect(told.map(\.kind).contains(.deploymentRewound))
        #expect(try world.revisions(told).last == "2")
        #expect(try world.revisions(try await world.store.everyEvent()) == ["1", "2"])
        await #expect {
            try await world.store.events(after: before, limit: 10)
        } throws: { error in
            if case StoreError.conflict = error { true } else { false }
        }
        try await world.store.close()
        try await standby.stop()
    }

    /// One URL that names both servers.
    private static func url(_ url: String, and other: String) throws -> String {
        let first = try #require(URLComponents(string: url)?.port)
        let second = try #require(URLComponents(string: other)?.port)
        return url.replacing("127.0.0.1:\(first)", with: "127.0.0.1:\(first),127.0.0.1:\(second)")
    }

    private static func copy(_ source: String, to target: String) async throws {
        let directory = TemporaryDirectory()
        let text = """
            set -euo pipefail
            binaries=$(dirname "$(compgen -G '/usr/lib/postgresql/*/bin/pg_dump' | sort -V | tail -n 1)")
            "$binaries/pg_dump" --no-owner "$SOURCE" | "$binaries/psql" --quiet --set=ON_ERROR_STOP=1 "$TARGET" >/dev/null
            """
        let process = try RunningProcess(
            "/bin/bash", ["-c", text], in: directory.path,
            environment: ["SOURCE": source, "TARGET": target], logs: directory.path, name: "copy")
        let status = await process.status(within: .seconds(60))
        #expect(status == 0, "\(process.errorOutput)")
    }

    @Test("The outbox is insert-only, but for transaction numbers that say nothing here")
    func insertOnly() async throws {
        let world = try await OutboxWorld.make()
        try await world.write(["1"])
        for change in ["routing_key = 'x'", "xid = '1', routing_key = 'x'", "xid = '2'", "data = '{}'"] {
            await #expect(throws: StoreError.self, "\(change)") {
                try await world.store.write("forging") { _ = try $0.sql.run("UPDATE outbox SET \(change)") }
            }
        }
        try await world.store.write("forgetting") { _ = try $0.sql.run("UPDATE outbox SET xid = '1'") }
        try await world.store.close()
    }
}
