import Domain
import Foundation
import Storage

/// The files of a part of all logs, and the thread that reads and writes them.
actor LogShard {
    enum Appended {
        case grew(size: Int64)
        case repeated(size: Int64)
        case gap(size: Int64)
    }

    private let executor: ThreadExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private let openLimit: Int
    private var open: [LogPath: LogFile.Slot] = [:]
    private var uses: UInt64 = 0

    init(name: String, openLimit: Int) {
        executor = ThreadExecutor(name: name)
        self.openLimit = openLimit
    }

    /// Appends what lies beyond the present size; on the disk when it returns.
    func append(_ path: LogPath, offset: Int64, bytes: [UInt8]) throws -> Appended {
        let file = try file(path)
        let size = file.log.size
        guard offset <= size else { return .gap(size: size) }
        let known = Int(min(size - offset, Int64(bytes.count)))
        guard known < bytes.count else { return .repeated(size: size) }
        do {
            try file.log.append(bytes[known...])
        } catch {
            // What the disk holds now is found out by the next opening.
            open[path] = nil
            throw error
        }
        return .grew(size: file.log.size)
    }

    /// The size and SHA-256 of a log; nil when nothing was ever appended.
    func seal(_ path: LogPath) throws -> (size: Int64, sha256: String)? {
        guard open[path] != nil || path.exists else { return nil }
        let file = try file(path)
        return (file.log.size, try file.log.digest())
    }

    /// Closes the files of builds that have ended.
    func release(_ paths: [LogPath]) {
        for path in paths { open[path] = nil }
    }

    private func file(_ path: LogPath) throws -> LogFile.Slot {
        uses += 1
        if let file = open[path] {
            file.used = uses
            return file
        }
        if open.count >= openLimit, let oldest = open.min(by: { $0.value.used < $1.value.used }) { open[oldest.key] = nil }
        try path.makeDirectories()
        let isNew = !path.exists
        let file = LogFile.Slot(try LogFile(path: path.file), used: uses)
        if isNew { try path.flushDirectory() }
        open[path] = file
        return file
    }
}

extension LogFile {
    /// An open file and when it was last used.
    final class Slot {
        var log: LogFile
        var used: UInt64

        init(_ log: consuming LogFile, used: UInt64) {
            self.log = log
            self.used = used
        }
    }
}
