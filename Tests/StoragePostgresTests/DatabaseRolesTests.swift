import Domain
import Foundation
import ProcessSupport
import ServerSupport
import Storage
import StoreConformance
import TestSupport
import Testing

@testable import StoragePostgres

/// `deploy/postgres/roles.sql` on a real server: each role can do its work and nothing else.
@Suite(.timeLimit(.minutes(10)), .takingTurns) struct DatabaseRolesTests {
    /// The roles belong to the whole server, so that one database serves all tests. Each role's password is its name.
    private static let prepared = Task {
        let database = try await TestDatabase()
        // Before the schema and after it, as the book says, and once more: nothing may change then.
        try await run(database)
        _ = try database.run(
            """
            DO $$ DECLARE role text; BEGIN
                FOREACH role IN ARRAY ARRAY['doorbell_owner', 'doorbell_service', 'doorbell_relay', 'doorbell_reader'] LOOP
                    EXECUTE format('ALTER ROLE %I PASSWORD %L', role, role);
                END LOOP;
            END $$
            """)
        try await open(database, as: "doorbell_owner", migrating: true).close()
        for _ in 1...2 { try await run(database) }
        return database
    }

    private static func run(_ database: TestDatabase) async throws {
        var top = #filePath
        for _ in 0..<3 { top = (top as NSString).deletingLastPathComponent }
        let directory = TemporaryDirectory()
        let process = try RunningProcess(
            "/usr/bin/psql",
            ["--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", "--file=\(top)/deploy/postgres/roles.sql", database.url],
            in: directory.path, logs: directory.path, name: "psql")
        guard await process.status() == 0 else { throw StoreError.internalError(process.errorOutput) }
    }

    private static func open(_ database: TestDatabase, as role: String, migrating: Bool = false) async throws -> PostgresStore {
        try await PostgresStore.open(try PostgresAddress(database.url(user: role, password: role)), connections: 2, migrating: migrating)
    }

    @Test("A service accepts changes and reads events as the service role")
    func serviceWorks() async throws {
        let store = try await Self.open(try await Self.prepared.value, as: "doorbell_service")
        let before = try await store.latestCursor()
        let receipts = try await store.accept([Samples.change("role-1"), Samples.change("role-2")], advancing: nil)
        // Other tests use the database too: one of them may lead the shard, and then the ticks are its business.
        let ours = Set(receipts.map(\.id.rawValue))
        var read = Set<Int64>()
        let deadline = ContinuousClock.now + .seconds(30)
        while !ours.isSubset(of: read), ContinuousClock.now < deadline {
            read = Set(try await store.events(after: before, limit: 100).filter { $0.kind == .changeReceived }.map(\.entityID))
        }
        #expect(ours.isSubset(of: read))
        try await store.forgetServices(silentFor: .seconds(60))
        let delivery = NewDelivery(source: "role", name: nil, event: "push", headers: [:], size: 0, body: [])
        let id = try await store.note(.first(delivery, DeliveryJudgement(.refused, reason: "r")))
        _ = try await store.accept([Samples.change("role-4")], noting: .again(id, DeliveryJudgement(.accepted, changes: 1)))
        let token = try await store.createToken(
            NewToken(TokenGrant(name: "ci", role: .submitter), hash: Samples.digest(1), by: "ada"),
            audit: AuditNote(principal: "ada", token: nil, action: "token.create"))
        _ = try await store.revokeToken(token.id, audit: AuditNote(principal: "ada", token: nil, action: "token.revoke"))
        #expect(try await store.delivery(id)?.row.judgement.verdict == .accepted)
        try await store.close()
    }

    @Test("Whoever relays also makes the partitions of coming days")
    func relayKeepsHouse() async throws {
        let database = try await Self.prepared.value
        let store = try await Self.open(database, as: "doorbell_relay")
        _ = try await store.accept([Samples.change("role-0")], advancing: nil)
        guard case .leading(let term, let newest, _) = try await store.lead(shard: 0, as: "test", for: .seconds(30)) else {
            Issue.record("there is an event to publish, and nobody else to do it")
            return
        }
        #expect(try await store.advance(term, to: newest, count: 1, refused: []))
        try await store.resign(term)
        _ = try await store.keepHouse(retention: .seconds(7 * 86_400))
        let subscriber = try await store.lead(subscribers: ["role"], as: "test", for: .seconds(30))
        let sending = try #require(subscriber.answers["role"]?.term)
        let event = try #require(try await store.events(after: try await store.oldestCursor(), limit: 1).first)
        let sent = Sending(event: event, outcome: .sent, attempts: 1, first: subscriber.now, last: subscriber.now)
        #expect(try await store.settle(SubscriberSettlement(term: sending, cursor: event.cursor, sendings: [sent])))
        _ = try await store.forgetSubscribers(except: [], idleFor: .zero)
        try await store.close()
        let partitions = try database.run("SELECT count(*) FROM pg_inherits WHERE inhparent = 'outbox'::regclass")[0][0].int(0)
        #expect(partitions > 1)
        // What the relay made is the services' to write to, through the table.
        let service = try await Self.open(database, as: "doorbell_service")
        _ = try await service.accept([Samples.change("role-3")], advancing: nil)
        try await service.close()
    }

    @Test(
        "A role is refused what is not its work",
        arguments: [
            ("doorbell_service", "CREATE TABLE another (id int)"), ("doorbell_service", "ALTER TABLE changes ADD another int"),
            ("doorbell_service", "DROP TABLE outbox_default"), ("doorbell_service", "TRUNCATE outbox"), ("doorbell_service", "DELETE FROM changes"),
            ("doorbell_service", "UPDATE outbox SET data = '{}'"), ("doorbell_service", "DELETE FROM outbox"),
            ("doorbell_service", "UPDATE schema_migrations SET oldest = 99"), ("doorbell_relay", "ALTER TABLE changes ADD another int"),
            ("doorbell_relay", "DELETE FROM builds"), ("doorbell_relay", "DROP TABLE builds"),
            ("doorbell_reader", "UPDATE services SET health = ''"), ("doorbell_reader", "DELETE FROM services"),
            ("doorbell_reader", "CREATE TABLE another (id int)"), ("doorbell_reader", "SELECT * FROM idempotency"),
            ("doorbell_reader", "SELECT * FROM configurations"), ("doorbell_reader", "SELECT * FROM deliveries"),
            ("doorbell_service", "UPDATE audit SET detail = ''"), ("doorbell_service", "DELETE FROM audit"),
            ("doorbell_relay", "UPDATE audit SET detail = ''"), ("doorbell_service", "DELETE FROM tokens"),
            ("doorbell_reader", "SELECT * FROM tokens"), ("doorbell_reader", "SELECT * FROM audit"),
            ("doorbell_reader", "SELECT * FROM sendings"),
        ])
    func isRefused(role: String, statement: String) async throws {
        let database = try await Self.prepared.value
        let connection = try PostgresConnection(try PostgresAddress(database.url(user: role, password: role)))
        #expect {
            _ = try connection.run([.init(statement)])
        } throws: { error in
            // insufficient_privilege, and nothing else.
            (error as? PostgresError)?.sqlState == "42501"
        }
    }

    @Test("A reader reads what people may see")
    func readerReads() async throws {
        let database = try await Self.prepared.value
        let connection = try PostgresConnection(try PostgresAddress(database.url(user: "doorbell_reader", password: "doorbell_reader")))
        for table in ["changes", "buildsets", "requests", "builds", "steps", "logs", "outbox", "services"] {
            #expect(try connection.run([.init("SELECT count(*) FROM \(table)")])[0].rows.count == 1)
        }
    }
}
