import Foundation
import ServerSupport
import Storage

@testable import StoragePostgres

/// A database of one test's own, on the server that the tests share.
struct TestDatabase: Sendable {
    let url: String

    init() async throws {
        url = try await PrivatePostgres.shared().newDatabase()
    }

    init(url: String) { self.url = url }

    var port: Int { URLComponents(string: url)?.port ?? 0 }

    func address(_ parameters: String = "") throws -> PostgresAddress { try PostgresAddress(url + (parameters.isEmpty ? "" : "&" + parameters)) }

    /// The same database by another way: a proxy, a pooler, a login.
    func url(port: Int? = nil, user: String? = nil, password: String? = nil, database: String? = nil) -> String {
        var parts = URLComponents(string: url) ?? URLComponents()
        parts.port = port ?? parts.port
        parts.user = user ?? parts.user
        parts.password = password ?? parts.password
        if let database { parts.path = "/" + database }
        return parts.string ?? ""
    }

    func pool(_ limits: PostgresPool.Limits = .init()) throws -> PostgresPool {
        let pool = PostgresPool(try address(), limits: limits)
        Opened.add { await pool.close() }
        return pool
    }

    /// Runs statements one by one, each a transaction of its own.
    func run(_ statements: String...) throws -> [[PostgresRow]] {
        let connection = try PostgresConnection(try address())
        return try statements.map { try connection.run([.init($0)])[0].rows }
    }

    func count(_ table: String) throws -> Int { try run("SELECT count(*) FROM \(table)")[0][0].int(0) }
}

extension PostgresPool {
    static func limits(connections: Int = 2, mostWaiting: Int = 100, longestWait: Duration = .seconds(30)) -> Limits {
        var limits = Limits()
        limits.connections = connections
        limits.mostWaiting = mostWaiting
        limits.longestWait = longestWait
        return limits
    }
}

/// Looks until something is so that tells nobody; false when it never is.
func eventually(_ condition: () async throws -> Bool) async rethrows -> Bool {
    for _ in 0..<3000 {
        if try await condition() { return true }
        try? await Task.sleep(for: .milliseconds(10))
    }
    return false
}

/// What a call threw, as a stranger reads it.
func refusal(_ body: () async throws -> Void) async -> StoreError? {
    do {
        try await body()
        return nil
    } catch {
        return error as? StoreError
    }
}
