import Domain
import Foundation

/// What a worker keeps on its disk: mirrors, working directories, spooled output, its mark, and the lock that keeps others out.
struct DataDirectory: Sendable {
    let path: String
    let mark: EnvironmentMark
    /// Held by the worker and by every guard of its commands: who has it knows that nothing of an earlier worker is left.
    let lock: Int32
    /// How many processes of an earlier incarnation had to be ended by their mark.
    let leftovers: Int

    var mirrors: String { path + "/mirrors" }
    var work: String { path + "/work" }
    var spool: String { path + "/spool" }
    var secrets: String { path + "/secrets" }

    /// How long guards of a worker that was killed have to end what they guard.
    private static let guardPatience: Duration = .seconds(15)

    /// Takes the directory, and ends what an earlier incarnation left. Blocks. Throws `WorkerError`.
    static func open(_ place: String) throws -> DataDirectory {
        let path = place.hasPrefix("/") ? place : FileManager.default.currentDirectoryPath + "/" + place
        for folder in ["", "/mirrors", "/work", "/secrets"] { try makeFolder(path + folder) }
        let lock = try takeLock(path)
        // A data directory often stands in a repository, and does not belong into it. Convenient only: a failure harms nothing.
        try? Data("*\n".utf8).write(to: URL(fileURLWithPath: path + "/.gitignore"), options: .withoutOverwriting)
        do {
            let mark = try readMark(path)
            let (found, gone) = mark.sweep()
            guard gone else {
                throw WorkerError(.directoryInUse, "Processes that an earlier worker in \(path) left cannot be ended; end them, then start again.")
            }
            for folder in ["/spool", "/secrets"] {
                // Output of builds that ended with the earlier worker, and credentials it had no time to remove.
                if FileManager.default.fileExists(atPath: path + folder) { try FileManager.default.removeItem(atPath: path + folder) }
                try makeFolder(path + folder)
            }
            return DataDirectory(path: path, mark: mark, lock: lock, leftovers: found)
        } catch {
            Foundation.close(lock)
            guard let known = error as? WorkerError else {
                throw WorkerError(.directoryUnusable, "The data directory \(path) cannot be used: \(error)")
            }
            throw known
        }
    }

    /// Gives the directory free; guards that still run keep it taken until they end.
    func close() {
        Foundation.close(lock)
    }

    private static func makeFolder(_ path: String) throws {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw WorkerError(.directoryUnusable, "The directory \(path) cannot be made: \(error.localizedDescription)")
        }
    }

    private static func takeLock(_ path: String) throws -> Int32 {
        let file = Foundation.open(path + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else {
            throw WorkerError(.directoryUnusable, "The lock \(path)/lock cannot be opened: \(StepVerdict.errorText(errno))")
        }
        let end = ContinuousClock.now + guardPatience
        while flock(file, LOCK_EX | LOCK_NB) != 0 {
            let holder = readHolder(file)
            // Without its worker, the lock is held by guards that are about to end.
            if let holder, kill(holder, 0) == 0 || errno == EPERM {
                Foundation.close(file)
                throw WorkerError(.directoryInUse, "Another worker, process \(holder), uses \(path). Give each worker a data directory of its own.")
            }
            if ContinuousClock.now >= end {
                Foundation.close(file)
                throw WorkerError(.directoryInUse, "What an earlier worker in \(path) started has not ended; try again.")
            }
            usleep(10_000)
        }
        ftruncate(file, 0)
        let text = "\(getpid())\n"
        _ = text.withCString { pwrite(file, $0, strlen($0), 0) }
        return file
    }

    private static func readHolder(_ file: Int32) -> Int32? {
        var bytes = [UInt8](repeating: 0, count: 32)
        let count = pread(file, &bytes, bytes.count, 0)
        guard count > 0 else { return nil }
        return Int32(String(decoding: bytes[..<count], as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines))
    }

    private static func readMark(_ path: String) throws -> EnvironmentMark {
        let file = path + "/mark"
        if let data = FileManager.default.contents(atPath: file), data.count == 32 {
            return EnvironmentMark(value: String(decoding: data, as: UTF8.self))
        }
        let value = RandomText.make(bytes: 16)
        try Data(value.utf8).write(to: URL(fileURLWithPath: file), options: .atomic)
        return EnvironmentMark(value: value)
    }
}
