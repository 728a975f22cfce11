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
@Suite struct RewindTests {
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
