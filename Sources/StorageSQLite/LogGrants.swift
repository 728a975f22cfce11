import Domain
import Synchronization

/// Who may append to which open log, as the database said last. This process is the only writer and revokes a grant before it ends the build, so a grant
/// that is here is in force.
final class LogGrants: Sendable {
    static let capacity = 4096
    private let entries = Mutex<[BuildID: [String: LogGrant]]>([:])

    func grant(_ build: BuildID, _ name: String) -> LogGrant? { entries.withLock { $0[build]?[name] } }

    func insert(_ grant: LogGrant, _ build: BuildID, _ name: String) {
        entries.withLock {
            // Starting over costs one transaction for each log that is still written.
            if $0.count >= Self.capacity || ($0[build]?.count ?? 0) >= Self.capacity { $0.removeAll(keepingCapacity: true) }
            $0[build, default: [:]][name] = grant
        }
    }

    func revoke(_ builds: [BuildID]) {
        entries.withLock {
            for build in builds { $0[build] = nil }
        }
    }
}

struct LogGrant: Hashable, Sendable {
    var session: SessionID
    var fence: Fence
}
