import Foundation
import Storage
import Synchronization

/// Holds a data directory for one process: an advisory lock on a file in it, which ends with the process however that ends.
final class DirectoryLock: Sendable {
    private let descriptor: Mutex<Int32?>

    init(directory: String) throws {
        let path = directory + "/doorbell.lock"
        // A step that a worker starts must not inherit the lock, or it would outlive us with it.
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else {
            throw StoreError.unavailable("\(path) cannot be opened: \(String(cString: strerror(errno)))")
        }
        guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            let holder = Self.text(of: file)
            Foundation.close(file)
            guard code == EWOULDBLOCK else {
                throw StoreError.unavailable("\(path) cannot be locked: \(String(cString: strerror(code)))")
            }
            throw StoreError.inUse(
                "the data directory \(directory) is in use by another doorbell\(holder.isEmpty ? "" : " (process \(holder))"): "
                    + "stop that one, or give this one a data directory of its own (DOORBELL_DATA_DIR)")
        }
        let own = Array("\(getpid())\n".utf8)
        // Only a hint for the message above: the lock is what counts.
        if ftruncate(file, 0) == 0 { _ = pwrite(file, own, own.count, 0) }
        descriptor = Mutex(file)
    }

    deinit { release() }

    /// Lets another process have the directory. Idempotent.
    func release() {
        descriptor.withLock {
            if let file = $0 { Foundation.close(file) }
            $0 = nil
        }
    }

    private static func text(of file: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 20)
        let count = pread(file, &bytes, bytes.count, 0)
        return String(decoding: bytes.prefix(max(0, count)).prefix { (48...57).contains($0) }, as: UTF8.self)
    }
}
