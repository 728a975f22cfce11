import Foundation
import ProcessSupport
import Synchronization

/// A real PostgreSQL of the test process's own. It is stopped, and its directory removed, once the process has ended, however it ended.
public final class PrivatePostgres: Sendable {
    private let directory: String
    private let count = Mutex(0)
    private let made = Mutex<[String: String]>([:])

    /// One for all tests that do not disturb each other: each takes a database of its own.
    public static func shared() async throws -> PrivatePostgres { try await sharedTask.value }
    private static let sharedTask = Task { try await PrivatePostgres.start() }

    /// A server that a suite may bounce as it likes.
    public static func start() async throws -> PrivatePostgres {
        let directory = (NSTemporaryDirectory() as NSString).appendingPathComponent("doorbell-postgres-\(UUID().uuidString.lowercased().prefix(8))")
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try ServerScript.postgres.stopWhenThisProcessEnds(directory)
        let server = PrivatePostgres(directory: directory)
        try await server.run("start")
        return server
    }

    /// A streaming standby of this server, which does not wait for it.
    public func startStandby() async throws -> PrivatePostgres {
        let path = (NSTemporaryDirectory() as NSString).appendingPathComponent("doorbell-postgres-\(UUID().uuidString.lowercased().prefix(8))")
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try ServerScript.postgres.stopWhenThisProcessEnds(path)
        let server = PrivatePostgres(directory: path)
        try await server.run("standby", directory)
        return server
    }

    /// Makes a standby a primary.
    public func promote() async throws { try await run("promote") }

    /// The URL of a database that is there.
    public func url(of database: String) async throws -> String { try await run("url", database) }

    private init(directory: String) {
        self.directory = directory
    }

    /// The URL of a new, empty database. Its tests say nothing of how soon a server answers that dozens of them share.
    public func newDatabase() async throws -> String {
        let name = count.withLock { count in
            count += 1
            return "test_\(count)"
        }
        return try await run("create", name) + "?connect_timeout=60"
    }

    /// The database that belongs to a place: the same place again is the same database.
    public func database(for place: String) async throws -> String {
        if let known = made.withLock({ $0[place] }) { return known }
        let url = try await newDatabase()
        made.withLock { $0[place] = url }
        return url
    }

    public enum Stop: String, Sendable {
        case fast, immediate
    }

    public func stop(_ mode: Stop = .fast) async throws { try await run("stop", mode.rawValue) }

    /// The same data at the same address again.
    public func startAgain() async throws { try await run("start") }

    public func restart(_ mode: Stop) async throws { try await run("restart", mode.rawValue) }

    @discardableResult
    private func run(_ command: String, _ arguments: String...) async throws -> String {
        try await ServerScript.postgres.run([command, directory] + arguments, in: directory).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
