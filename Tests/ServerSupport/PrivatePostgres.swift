import Foundation
import Synchronization

/// The PostgreSQL of this test process: started when a test first asks, a database of its own for each.
public final class PrivatePostgres: Sendable {
    public let server: PrivateServer
    private let made = Mutex<[String: String]>([:])
    private let count = Mutex(0)

    private static let started = Mutex<PrivatePostgres?>(nil)

    /// Starts it the first time; the tests that ask meanwhile wait.
    public static func shared() throws -> PrivatePostgres {
        try started.withLock { known in
            if let known { return known }
            let new = try PrivatePostgres()
            known = new
            return new
        }
    }

    /// One of a test's own, to be bounced.
    public init() throws {
        server = try PrivateServer(script: "postgres")
        try server.run("start")
    }

    /// The URL of a new, empty database.
    public func newDatabase() throws -> String {
        let name = count.withLock { count in
            count += 1
            return "test_\(count)"
        }
        return try server.run("create", name)
    }

    /// The database that belongs to a place: the same place again is the same database.
    public func database(for place: String) throws -> String {
        if let known = made.withLock({ $0[place] }) { return known }
        let url = try newDatabase()
        made.withLock { $0[place] = url }
        return url
    }
}
