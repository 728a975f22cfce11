import Domain
import Foundation
import HTTPDoor
import Intake
import Logging
import Storage
import Synchronization

/// Keeps on an intake's own disk what it needs to take changes while the database is away. Without it the next start needs the database; nothing else does.
final class KeptIdentity: Sendable {
    private struct State {
        var configuration: Configuration?
        var access: AccessState?
        var accessConfirmed: Date?
        /// When that was written last.
        var accessKept: ContinuousClock.Instant?
    }

    /// Tokens that did not change are written again this often, so that a start without the database finds them younger than they may be.
    private static let again: Duration = .seconds(3600)

    private let deployment: String
    private let dataDirectory: String
    private let logger: Logger
    private let state = Mutex(State())

    init(deployment: String, dataDirectory: String, logger: Logger) {
        self.deployment = deployment
        self.dataDirectory = dataDirectory
        self.logger = logger
    }

    func keep(_ configuration: Configuration) {
        state.withLock { state in
            state.configuration = configuration
            save(state)
        }
    }

    /// What is known of tokens, when it is another than what was written, or that is long ago.
    func keep(_ access: AccessKeeper) {
        state.withLock { state in
            let isOld = state.accessKept.map { $0.duration(to: .now) >= Self.again } ?? true
            guard isOld || state.access?.version != access.version, let known = access.known else { return }
            state.access = known.state
            state.accessConfirmed = Date(timeIntervalSinceNow: -known.age.inSeconds)
            state.accessKept = .now
            save(state)
        }
    }

    func keep() { state.withLock { save($0) } }

    /// One after the other, so that an older one never replaces a newer one.
    private func save(_ state: State) {
        do {
            var cache = IdentityCache(deployment: deployment, configuration: state.configuration, access: state.access)
            cache.accessConfirmed = state.accessConfirmed?.timeIntervalSince1970
            try cache.save(dataDirectory: dataDirectory)
        } catch {
            logger.warning("the deployment's identity cannot be kept beside the spool", metadata: ["error": "\(error)"])
        }
    }
}
