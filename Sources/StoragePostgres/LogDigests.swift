import Crypto
import Domain
import Storage
import Synchronization

/// The running SHA-256 of logs that are being written through this process. What is missing here, or does not reach to the log's end, is computed from the
/// stored bytes.
final class LogDigests: Sendable {
    struct Place: Hashable {
        var build: BuildID
        var name: String
    }
    private struct Running {
        var size: Int64
        var hash: SHA256
    }

    private static let capacity = 4096
    private let entries = Mutex<[Place: Running]>([:])

    /// Takes in bytes that were appended; forgets the log when they do not continue what is known of it.
    func appended(_ place: Place, at start: Int64, _ bytes: ArraySlice<UInt8>) {
        entries.withLock { entries in
            if start == 0 {
                // Some are left behind by builds that ended elsewhere; any other can be computed again from its bytes.
                if entries.count >= Self.capacity, let other = entries.keys.first { entries[other] = nil }
                entries[place] = Running(size: 0, hash: SHA256())
            }
            guard var running = entries.removeValue(forKey: place), running.size == start else { return }
            running.hash.update(data: bytes)
            running.size += Int64(bytes.count)
            entries[place] = running
        }
    }

    /// The digest of a log with this size, if all of it went through here.
    func digest(_ place: Place, size: Int64) -> String? {
        entries.withLock { entries in
            guard let running = entries[place], running.size == size else { return nil }
            return running.hash.finalize().hexadecimal
        }
    }

    func forget(_ places: [Place]) {
        entries.withLock { entries in
            for place in places { entries[place] = nil }
        }
    }
}
