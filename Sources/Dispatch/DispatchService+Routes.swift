import Crypto
import Domain
import FoundationEssentials
import HTTPDoor
import HTTPTypes
import Hummingbird
import Storage
import Wire

extension DispatchService {
    /// Serves `/worker/v1` (see `WorkerProtocol`).
    public func addRoutes(to router: DoorRouter) {
        let worker = router.group("worker/v1")
        worker.post("sessions") { try await self.openSession($0, $1) }
        worker.post("sessions/{session}/claim") { try await self.claim($0, $1) }
        worker.post("sessions/{session}/reports") { try await self.report($0, $1) }
        worker.delete("sessions/{session}") { try await self.endSession($0, $1) }
        worker.post("builds/{build}/trigger") { try await self.trigger($0, $1) }
        worker.post("builds/{build}/secrets") { try await self.secrets($0, $1) }
        worker.post("builds/{build}/patch") { try await self.patch($0, $1) }
        worker.patch("builds/{build}/logs/{name}") { try await self.appendLog($0, $1) }
    }

    /// The session that the call proves to be. One that is not known here is looked for in the store: this dispatcher may be newer than it.
    func authenticate(_ id: SessionID, _ request: Request) async throws -> WorkerSession {
        guard let header = request.headers[.authorization], header.lowercased().hasPrefix("bearer "), header.utf8.count <= 300 else {
            throw Problem.unauthorized("expected Authorization: Bearer with the secret of the session")
        }
        let hash = Self.hash(ofSecret: String(header.dropFirst(7)))
        if let known = registry.session(id) {
            try await check(hash, of: known)
            // Only now: whoever does not know the secret keeps nobody's builds.
            registry.hear(id, now: clock.now)
            return known
        }
        guard let stored = try await watch.watching({ [store] in try await store.session(id) }) else {
            throw Problem.gone("the session is not open; open a new one with POST /worker/v1/sessions")
        }
        try await check(hash, of: stored)
        // It comes from another dispatcher, or from before this one's start: somebody may have asked there for the end of what it builds.
        if registry.add(stored, now: clock.now, unlessNewer: true) { cancels.ring() }
        return stored
    }

    private func check(_ hash: String, of session: WorkerSession) async throws {
        guard ConstantTime.isEqual(hash, session.secretHash) else { throw Problem.unauthorized("the secret is not that of the session") }
        guard access.isOn else { return }
        // Whoever is told so ends its builds: it has to be true.
        guard let token = session.token, try await access.holds(token) else {
            throw Problem.gone("the token that the session was opened with is not good any more; open a new one with POST /worker/v1/sessions")
        }
    }

    static func hash(ofSecret secret: String) -> String {
        Hexadecimal.text(SHA256.hash(data: Data(secret.utf8)))
    }
}
