import Domain
import Foundation
import Storage

/// The bytes of all logs, as files beside the database. Knows nothing of builds' lives: whoever calls has checked that the append is allowed.
final class LogDirectory: Sendable {
    private let path: String
    private let shards: [LogShard]
    private let reader: LogReader

    /// - Parameter openLimit: how many files stay open; each costs a descriptor and the state of a digest.
    init(path: String, shards: Int = 2, openLimit: Int = 128) throws {
        if mkdir(path, 0o700) != 0, errno != EEXIST {
            throw StoreError.unavailable(diskError("make the directory \(path)", errno))
        }
        self.path = path
        self.shards = (0..<shards).map { LogShard(name: "logs-\($0)", openLimit: max(1, openLimit / shards)) }
        reader = LogReader()
    }

    func append(_ build: BuildID, name: String, offset: Int64, bytes: [UInt8]) async throws -> LogShard.Appended {
        try await shard(build).append(file(build, name), offset: offset, bytes: bytes)
    }

    /// What the server has of a log: its size, and SHA-256 in hexadecimal.
    func seal(_ build: BuildID, name: String) async throws -> SealedLog {
        guard let (size, sha256) = try await shard(build).seal(file(build, name)) else { return .empty }
        return SealedLog(size: size, sha256: sha256)
    }

    /// The size on disk. One system call: may be asked inside a transaction.
    func size(_ build: BuildID, name: String) -> Int64 { file(build, name).size }

    /// At most `limit` bytes (never more than 4 MiB) from `offset`.
    func read(_ build: BuildID, name: String, offset: Int64, limit: Int) async throws -> [UInt8] {
        try await reader.read(file(build, name).file, offset: offset, limit: min(limit, 4 << 20))
    }

    /// Closes the files of a build that has ended.
    func release(_ build: BuildID, names: [String]) async {
        await shard(build).release(names.map { file(build, $0) })
    }

    private func file(_ build: BuildID, _ name: String) -> LogPath { LogPath(logs: path, build: build, name: name) }

    private func shard(_ build: BuildID) -> LogShard { shards[Int(UInt64(bitPattern: build.rawValue) % UInt64(shards.count))] }
}

/// Reads for people, on a thread of their own: a slow reader delays no append.
private actor LogReader {
    private let executor = ThreadExecutor(name: "logs-read")
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    func read(_ path: String, offset: Int64, limit: Int) throws -> [UInt8] {
        guard offset >= 0, limit > 0 else { return [] }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            if errno == ENOENT { return [] }
            throw StoreError.unavailable(diskError("open the log file \(path)", errno))
        }
        defer { close(descriptor) }
        return try readBytes(descriptor, at: offset, limit: limit)
    }
}
