import TestSupport
import Testing

@testable import StoragePostgres

@Suite(.takingTurns) struct PostgresListenerTests {
    @Test("What outsiders say is heard, also after the connection was lost, and the listener ends with its task")
    func hears() async throws {
        let database = try await TestDatabase()
        let (heard, said) = AsyncStream.makeStream(of: String.self)
        let (connected, opened) = AsyncStream.makeStream(of: Void.self)
        let store = try await PostgresStore.open(try database.address(), migrating: true)
        let task = Task {
            await store.listen(on: ["doorbell_one", "doorbell_two"], missed: { opened.yield() }, heard: { said.yield("\($0) \($1)") })
        }
        var words = heard.makeAsyncIterator()
        var connections = connected.makeAsyncIterator()
        await connections.next()
        _ = try database.run("NOTIFY doorbell_two, 'hello'")
        #expect(await words.next() == "doorbell_two hello")
        _ = try database.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'")
        await connections.next()
        _ = try database.run("NOTIFY doorbell_one, 'again'")
        #expect(await words.next() == "doorbell_one again")
        task.cancel()
        await task.value
        #expect(
            try await eventually {
                try database.run("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'")[0][0].int(0)
                    == 0
            })
        try await store.close()
    }

    @Test("Only plain names are listened to")
    func names() async throws {
        let address = try PostgresAddress("postgres://db/ci")
        #expect(PostgresListener(address, channels: ["a; DROP TABLE t"]) { _, _ in } == nil)
        #expect(PostgresListener(address, channels: []) { _, _ in } == nil)
    }
}
