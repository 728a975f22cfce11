import Domain
import Storage
import StoreConformance
import TestSupport
import Testing

@testable import StoragePostgres

/// What sources that tell of one repository ask of the database, and what others do not.
@Suite(.timeLimit(.minutes(10)), .takingTurns) struct MirrorPlanTests {
    private static let group = MirrorGroup(name: "forge")

    private static func told(_ source: String, _ revision: String) -> NewChange {
        var change = Samples.change(revision, key: "\(source) \(revision)")
        change.source = source
        return group.told([change])[0]
    }

    /// The statements that a store of one connection has prepared which concern groups.
    private static func prepared(_ store: PostgresStore) async throws -> [(name: String, statement: String, parameters: Int)] {
        try await store.write("listing statements") { tx in
            try tx.sql.all("SELECT name, statement, cardinality(parameter_types) FROM pg_prepared_statements")
                .map { ($0.string(0), $0.string(1), $0.int(2)) }
                .filter { $0.1.contains("mirror_") || $0.1.contains("change_tellings") }.filter { !$0.1.hasPrefix("CREATE") }
        }
    }

    @Test(
        "A source that tells alone asks nothing of groups; in one, a report costs a bounded number of statements and no round trip more than it must")
    func alone() async throws {
        let store = try await SharedDatabase.make().process(connections: 1)
        func statements(_ changes: [NewChange]) async throws -> Int64 {
            let before = store.statistics.statements
            _ = try await store.accept(changes, advancing: nil)
            return Int64(store.statistics.statements - before)
        }
        _ = try await statements([Samples.change("0", key: "0")])
        let alone = try await statements([Samples.change("1", key: "1")])
        let none = try await Self.prepared(store)
        #expect(none.isEmpty, "\(none)")
        let first = try await statements([Self.told("forge", "2")])
        let second = try await statements([Self.told("poll", "2")])
        #expect(first - alone <= 10, "\(first) statements against \(alone)")
        #expect(second <= alone + 5, "\(second) statements against \(alone)")
    }

    @Test("No statement about groups reads a whole table, however long they have told")
    func plans() async throws {
        let database = try await SharedDatabase.make()
        let past = try await database.process(connections: 1)
        try await PostgresHistory(builds: 5000).fill(past)
        try await past.write("filling lines") { tx in
            _ = try tx.sql.pipeline([
                ("INSERT INTO mirror_lines (line, last, end_place, end_revision) SELECT 'l' || l, 20, 20, 'r20' FROM generate_series(1, 2000) l", []),
                (
                    """
                    INSERT INTO mirror_moves (line, place, revision, source, change, chain)
                    SELECT 'l' || l, p, 'r' || p, 'forge', 1, '' FROM generate_series(1, 2000) l, generate_series(1, 20) p
                    """, []
                ),
                (
                    "INSERT INTO mirror_places (line, source, place) SELECT 'l' || l, s, 20 FROM generate_series(1, 2000) l, unnest('{forge,poll}'::text[]) s",
                    []
                ),
                (
                    "INSERT INTO change_tellings (chain, change, source, told) SELECT gen_random_uuid(), -c, 'poll', 1 FROM generate_series(1, 20000) c",
                    []
                ),
            ])
        }
        try await past.pool.withConnection("looking at it") { _ = try $0.run([.init("VACUUM ANALYZE")]) }
        try await past.close()
        let store = try await database.process(connections: 1)
        _ = try await store.accept([Self.told("forge", "1"), Self.told("forge", "2")], advancing: nil)
        let receipts = try await store.accept([Self.told("poll", "1"), Self.told("poll", "2")], advancing: nil)
        _ = try await store.mirrorEnds(of: [Self.group.line(repository: Samples.repository, branch: "main")])
        let first = try #require(receipts.first)
        let tellings = try await store.tellings(of: first.id)
        #expect(tellings.count == 1)
        var fields = ChangeFilterFields()
        fields.chain = tellings.first?.chain
        let found = try await store.changes(PageQuery(fields)).map(\.id)
        #expect(found == [first.id])
        let asked = try await Self.prepared(store)
        #expect(asked.count >= 9, "\(asked.map(\.statement))")
        for (name, statement, parameters) in asked {
            let plan = try await store.write("explaining") { tx in
                try tx.sql.run("SET LOCAL plan_cache_mode = force_generic_plan")
                try tx.sql.run("SET LOCAL random_page_cost = 1.1")
                let arguments = parameters == 0 ? "" : "(\(Array(repeating: "NULL", count: parameters).joined(separator: ", ")))"
                return try tx.sql.all("EXPLAIN EXECUTE \"\(name)\"\(arguments)").map { $0.string(0) }
            }
            #expect(!plan.contains { $0.contains("Seq Scan") }, "\(statement)\n\(plan.joined(separator: "\n"))")
        }
    }
}
