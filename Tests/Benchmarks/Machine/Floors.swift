import Foundation
import GRDB
import TestSupport

/// What the machine itself takes for the pieces that everything here is made of.
struct Floors: Sendable {
    /// Medians, in milliseconds.
    var commit: Double
    var spawn: Double
    /// A file written in pieces of 1 MiB, each on the disk before the next, in MB/s of 10^6 bytes.
    var file: Double

    static let title = "Floors"

    static func measure(quick: Bool) async throws -> Floors {
        let directory = TemporaryDirectory()
        return try await Threads.run {
            Floors(
                commit: try commit(directory, times: quick ? 200 : 1000), spawn: try spawn(directory, times: quick ? 50 : 200),
                file: try file(directory, mebibytes: quick ? 20 : 100))
        }
    }

    var figures: [Figure] {
        [
            Figure("one SQLite commit of one row, synchronous=FULL, p50", commit, .milliseconds),
            Figure("one spawn of /bin/sh until it has written a line, p50", spawn, .milliseconds),
            Figure("writing a file, on the disk after each MiB", file, .megabytesPerSecond),
        ]
    }

    private static func commit(_ directory: TemporaryDirectory, times: Int) throws -> Double {
        var configuration = GRDB.Configuration()
        configuration.prepareDatabase { try $0.execute(sql: "PRAGMA synchronous = FULL") }
        let queue = try DatabaseQueue(path: directory.file("floor.sqlite"), configuration: configuration)
        var samples = Samples()
        try queue.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA journal_mode = WAL; CREATE TABLE rows (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT")
            let text = String(repeating: "x", count: 200)
            for _ in 0..<times {
                let start = ContinuousClock.now
                try db.inTransaction(.immediate) {
                    try db.cachedStatement(sql: "INSERT INTO rows (text) VALUES (?)").execute(arguments: [text])
                    return .commit
                }
                samples.add(ContinuousClock.now - start)
            }
        }
        try queue.close()
        return samples.median
    }

    private static func spawn(_ directory: TemporaryDirectory, times: Int) throws -> Double {
        let marks = try Marks(path: directory.file("spawn"))
        let command: [String] = ["/bin/sh", "-c", "echo x > '\(marks.path)'"]
        let words: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var samples = Samples()
        for _ in 0..<times {
            let start = ContinuousClock.now
            var pid: pid_t = 0
            guard posix_spawn(&pid, "/bin/sh", nil, nil, words, environ) == 0 else { throw BenchmarkFailure("/bin/sh cannot be started") }
            samples.add(try marks.next().at - start)
            var status: Int32 = 0
            while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        }
        return samples.median
    }

    private static func file(_ directory: TemporaryDirectory, mebibytes: Int) throws -> Double {
        let descriptor = open(directory.file("floor.log"), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw BenchmarkFailure("no file can be made in \(directory.path)") }
        defer { close(descriptor) }
        let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
        let start = ContinuousClock.now
        for _ in 0..<mebibytes {
            guard write(descriptor, piece, piece.count) == piece.count, fdatasync(descriptor) == 0 else {
                throw BenchmarkFailure("a file could not be written: \(String(cString: strerror(errno)))")
            }
        }
        return Double(mebibytes * piece.count) / 1e6 / ((ContinuousClock.now - start) / .seconds(1))
    }
}
