import Domain
import Storage
import Testing

@testable import StoragePostgres

@Suite(.takingTurns) struct PostgresConnectionTests {
    @Test("Values come back as they went in", arguments: [true, false])
    func values(usesSession: Bool) async throws {
        let database = try await TestDatabase()
        let connection = try PostgresConnection(try database.address(usesSession ? "" : "prepared=off"))
        let text = "ünï\"'\\{},\n\t\u{1F514}"
        let bytes = (0...255).map { UInt8($0) }
        let row = try #require(
            try connection.run([
                .init(
                    "SELECT $1::text, $2::bigint, $3::bigint, $4::boolean, $5::bytea, $6::text, ($7::text[])[1], ($7::text[])[2], ($8::bigint[])[2], $9::bytea",
                    [
                        .text(text), .integer(Int64.min), .integer(Int64.max), false, .bytes(bytes), nil, .texts([text, nil]), .integers([1, -2]),
                        .bytes([]),
                    ])
            ])[0].rows.first)
        #expect(row[0] == text)
        #expect(row[1] == Int64.min && row[2] == Int64.max)
        #expect(row[3] == false)
        #expect(row.bytes(4) == bytes)
        #expect((row[5] as String?) == nil)
        #expect(row[6] == text && (row[7] as String?) == nil)
        #expect(row[8] == Int64(-2))
        #expect(row.bytes(9) == [])
        #expect(connection.faults.take() == nil)
    }

    @Test("A text with a zero byte is refused, not cut, and the connection goes on")
    func zeroByte() async throws {
        let connection = try PostgresConnection(try await TestDatabase().address())
        let error = #expect(throws: PostgresError.self) { try connection.run([.init("SELECT $1::text", [.text("a\0b")])]) }
        #expect(error?.sqlState == "22021")
        #expect(try connection.run([.init("SELECT 1")])[0].rows[0].int(0) == 1)
    }

    @Test("After an error in a pipeline nothing behind it runs, nothing before it stays, and the connection goes on", arguments: [true, false])
    func errorInTheMiddle(usesSession: Bool) async throws {
        let database = try await TestDatabase()
        let connection = try PostgresConnection(try database.address(usesSession ? "" : "prepared=off"))
        _ = try connection.run([.init("CREATE TABLE t (id bigint PRIMARY KEY)")])
        let insert = { (id: Int64) in PostgresConnection.Statement("INSERT INTO t VALUES ($1)", [.integer(id)]) }
        let error = #expect(throws: PostgresError.self) { try connection.run([insert(1), insert(2), insert(1), insert(3)]) }
        #expect(error?.sqlState == "23505")
        #expect(error?.isConnectionLost == false)
        #expect(
            try connection.run([.init("SELECT count(*) FROM t"), insert(4), .init("SELECT count(*) FROM t")]).map { $0.rows.first?.int(0) } == [
                0, nil, 1,
            ])
    }

    @Test("A statement that cannot be prepared does not spoil the name of a later one")
    func failedPreparing() async throws {
        let connection = try PostgresConnection(try await TestDatabase().address())
        for _ in 0..<2 {
            let error = #expect(throws: PostgresError.self) {
                try connection.run([.init("SELECT 1"), .init("SELECT * FROM nowhere"), .init("SELECT 2")])
            }
            #expect(error?.sqlState == "42P01")
            #expect(try connection.run([.init("SELECT 2")])[0].rows[0].int(0) == 2)
        }
    }

    @Test("A long pipeline is cut into syncs of bounded size, and gives its results in order")
    func longPipeline() async throws {
        let connection = try PostgresConnection(try await TestDatabase().address())
        let before = connection.roundTrips
        let results = try connection.run((0..<1000).map { .init("SELECT $1::bigint", [.integer(Int64($0))]) })
        #expect(results.map { $0.rows[0].int(0) } == Array(0..<1000))
        #expect(connection.roundTrips - before == 4)
        let large = [UInt8](repeating: 7, count: PostgresConnection.mostBytes)
        let lengths = try connection.run((0..<5).map { _ in .init("SELECT length($1::bytea)", [.bytes(large)]) })
        #expect(lengths.map { $0.rows[0].int(0) } == Array(repeating: large.count, count: 5))
    }

    @Test("A session keeps a bounded number of prepared statements, and none without a session")
    func preparedStatements() async throws {
        let database = try await TestDatabase()
        let connection = try PostgresConnection(try database.address())
        for number in 0..<700 { _ = try connection.run([.init("SELECT \(number)")]) }
        #expect(try connection.run([.init("SELECT count(*) FROM pg_prepared_statements")])[0].rows[0].int(0) <= 300)
        let plain = try PostgresConnection(try database.address("prepared=off"))
        for number in 0..<10 { _ = try plain.run([.init("SELECT \(number)")]) }
        #expect(try plain.run([.init("SELECT count(*) FROM pg_prepared_statements")])[0].rows[0].int(0) == 0)
    }

    static let wrong = ["'x'::text", "9223372036854775808", "NULL", "''::text", "1.5"]

    @Test("A value of an unexpected type is noted, and traps nowhere", arguments: wrong)
    func wrongType(_ expression: String) async throws {
        let connection = try PostgresConnection(try await TestDatabase().address())
        let row = try connection.run([.init("SELECT \(expression)")])[0].rows[0]
        let value: Int64 = row[0]
        #expect(value == 0)
        #expect(connection.faults.take()?.contains("an integer") == true)
        let missing: String = row[7]
        #expect(missing.isEmpty)
        #expect(connection.faults.take() != nil)
    }
}
