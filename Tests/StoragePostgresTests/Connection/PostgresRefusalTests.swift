import Foundation
import ProcessSupport
import Schemas
import ServerSupport
import Storage
import Testing

@testable import StoragePostgres

/// What keeps the store from being opened is one line that says what to do.
@Suite(.takingTurns) struct PostgresRefusalTests {
    private func open(_ url: String, migrating: Bool = true) async -> StoreError? {
        await refusal {
            let store = try await PostgresStore.open(try PostgresAddress(url), migrating: migrating)
            try await store.close()
        }
    }

    private func expect(_ error: StoreError?, says text: String) {
        guard case .configuration(let said) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(said.contains(text), "\(said)")
        #expect(!said.contains("\n"))
    }

    @Test("A wrong password is told as such, without the password")
    func password() async throws {
        let database = try await TestDatabase()
        let error = await open(database.url(password: "not-the-word"))
        expect(error, says: "refuses the login")
        #expect(error?.description.contains("not-the-word") == false)
    }

    @Test("A login that does not exist, and a password that is missing, are told as such")
    func login() async throws {
        let database = try await TestDatabase()
        expect(await open(database.url(user: "nobody")), says: "refuses the login")
        expect(await open("postgres://doorbell@127.0.0.1:\(database.port)/doorbell?passfile=/nowhere"), says: "refuses the login")
    }

    @Test("A database that does not exist is to be created")
    func noDatabase() async throws {
        expect(await open(try await TestDatabase().url(database: "nowhere")), says: "create it (createdb")
    }

    @Test("A server that is not there can be tried again")
    func noServer() async throws {
        let error = await open("postgres://u@127.0.0.1:\(try FreePort.find())/ci")
        guard case .unavailable(let text) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(text.contains("cannot be reached"))
    }

    @Test("A database of another encoding than UTF-8 is refused")
    func encoding() async throws {
        let database = try await TestDatabase()
        let name = "latin_\(UUID().uuidString.prefix(8).lowercased())"
        _ = try database.run("CREATE DATABASE \(name) ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'")
        expect(await open(database.url(database: name)), says: "has the encoding LATIN1, expected UTF8")
    }

    @Test("A login without rights is told which it lacks")
    func rights() async throws {
        let database = try await TestDatabase()
        let name = "guest_\(UUID().uuidString.prefix(8).lowercased())"
        _ = try database.run("CREATE ROLE \(name) LOGIN PASSWORD 'guest'")
        expect(await open(database.url(user: name, password: "guest")), says: "permission denied for schema public")
        _ = try database.run("REVOKE CONNECT ON DATABASE \(URL(string: database.url)?.lastPathComponent ?? "") FROM PUBLIC")
        expect(await open(database.url(user: name, password: "guest")), says: "permission denied for database")
    }

    @Test("A database that was never migrated says so")
    func unmigrated() async throws {
        expect(await open(try await TestDatabase().url, migrating: false), says: "run doorbell migrate")
    }

    @Test("A database with another program's tables is left alone")
    func foreign() async throws {
        let database = try await TestDatabase()
        _ = try database.run("CREATE TABLE invoices (id bigint)")
        expect(await open(database.url), says: "tables of another program")
        #expect(try database.run("SELECT to_regclass('schema_migrations') IS NULL")[0][0].bool(0))
    }

    @Test("A newer schema is refused only by programs that are older than the oldest it serves")
    func newerSchema() async throws {
        let database = try await TestDatabase()
        let known = try #require(Schemas.postgres.map(\.number).max())
        #expect(await open(database.url) == nil)
        _ = try database.run("INSERT INTO schema_migrations (number, name, digest, oldest) VALUES (\(known + 1), 'expand', '', \(known))")
        #expect(await open(database.url, migrating: false) == nil)
        #expect(await open(database.url) == nil)
        _ = try database.run("INSERT INTO schema_migrations (number, name, digest, oldest) VALUES (\(known + 2), 'contract', '', \(known + 1))")
        #expect(await open(database.url, migrating: false) == .newerSchema(found: known + 2, known: known))
    }

    @Test("An error of the database quotes no value of the statement")
    func secrets() async throws {
        let pool = try await TestDatabase().pool()
        let error = await refusal { try await pool.read("reading") { _ = try $0.first("SELECT $1::text::bigint", [.text("sesame")]) } }
        #expect(error?.description.contains("22P02") == true)
        #expect(error?.description.contains("sesame") == false)
        await pool.close()
    }
}
