import Foundation
import GRDB
import TestSupport

/// What nothing can be faster than on this machine, now.
struct Floors: Sendable {
    /// One commit of one row in SQLite with an fsync.
    var commit: Duration
    /// One `true`, from spawn to its end.
    var spawn: Duration

    var figures: [Figure] {
        [
            Figure("floor: one SQLite commit", commit.milliseconds, "ms (p50)"), Figure("floor: one process spawned", spawn.milliseconds, "ms (p50)"),
        ]
    }

    static func measure() async throws -> Floors {
        let directory = TemporaryDirectory()
        let database = try DatabaseQueue(path: directory.file("floor.sqlite"))
        try await database.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE floor (id INTEGER PRIMARY KEY, text TEXT)")
        }
        var commits: [Double] = []
        for _ in 0..<300 {
            let start = ContinuousClock.now
            try await database.write { try $0.execute(sql: "INSERT INTO floor (text) VALUES ('floor')") }
            commits.append(start.duration(to: .now).milliseconds)
        }
        let spawns = (0..<100).map { _ in spawnOnce() }
        return Floors(commit: .milliseconds(commits.median), spawn: .milliseconds(spawns.median))
    }

    private static func spawnOnce() -> Double {
        let start = ContinuousClock.now
        var pid = pid_t()
        var arguments: [UnsafeMutablePointer<CChar>?] = [strdup("true"), nil]
        defer { free(arguments[0]) }
        guard posix_spawn(&pid, "/bin/true", nil, nil, &arguments, environ) == 0 else { return .nan }
        var status: Int32 = 0
        waitpid(pid, &status, 0)
        return start.duration(to: .now).milliseconds
    }
}
