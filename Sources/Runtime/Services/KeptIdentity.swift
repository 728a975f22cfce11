import Domain
import Foundation
import Intake
import Logging
import Storage
import Synchronization

/// Keeps on an intake's own disk what it needs to take changes while the database is away. Without it the next start needs the database; nothing else does.
final class KeptIdentity: Sendable {
    private struct State {
        var configuration: Configuration?
        var access: AccessState?
    }

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

    func keep(_ access: AccessState) {
        state.withLock { state in
            state.access = access
            save(state)
        }
    }

    func keep() { state.withLock { save($0) } }

    /// One after the other, so that an older one never replaces a newer one.
    private func save(_ state: State) {
        do {
            try IdentityCache(deployment: deployment, configuration: state.configuration, access: state.access).save(dataDirectory: dataDirectory)
        } catch {
            logger.warning("the deployment's identity cannot be kept beside the spool", metadata: ["error": "\(error)"])
        }
    }
}
