import Domain
import HTTPDoor
import Hummingbird
import Storage
import Wire

extension DispatchService {
    /// `POST sessions`: a worker introduces itself.
    func openSession(_ request: Request, _ context: DoorContext) async throws -> Response {
        let version = try await request.lenientJSON(ProtocolVersion.self, limit: WorkerProtocol.bodyLimit)
        try version.document.check()
        let asked = try SessionRequest(json: version.bytes)
        try asked.check()
        guard context.principal.workers?.matches(asked.worker) ?? false else {
            throw Problem.forbidden("token \(context.principal.name) is not for a worker named \(asked.worker)")
        }
        guard !registry.isFull else { throw Problem.unavailable("\(SessionRegistry.capacity) workers are connected already") }
        let hash = Self.hash(ofSecret: asked.secret)
        let opening = SessionOpening(
            worker: asked.worker, incarnation: asked.incarnation, secretHash: hash, labels: asked.labels, slots: asked.slots,
            version: asked.version, token: context.principal.token)
        let opened = try await watch.watching { [store] in try await store.openSession(opening) }
        guard ConstantTime.isEqual(hash, opened.session.secretHash) else {
            throw Problem.forbidden("this incarnation of the worker has a session with another secret")
        }
        let isNew = registry.add(opened.session, now: clock.now)
        aftermath.lost(opened.lost)
        if isNew {
            logger.info(
                "a worker connected",
                metadata: [
                    LogKey.worker: "\(asked.worker)", LogKey.session: "\(opened.session.id)", LogKey.slots: "\(asked.slots)",
                    LogKey.version: "\(asked.version)",
                ])
        }
        let document = SessionDocument(
            session: opened.session.id, leaseMilliseconds: lease.period.microseconds / 1000,
            surviveMilliseconds: lease.survive.microseconds / 1000)
        return try Response.json(document, status: isNew ? .created : .ok)
    }

    /// `DELETE sessions/{id}`: a worker says goodbye. Saying it again changes nothing.
    func endSession(_ request: Request, _ context: DoorContext) async throws -> Response {
        let id: SessionID = try context.id("session")
        let session: WorkerSession
        do {
            session = try await authenticate(id, request)
        } catch let problem as Problem where problem.status == 410 {
            return Response(status: .noContent)
        }
        let builds = try await watch.watching { [store] in try await store.endSession(id, lost: false, reason: "the worker said goodbye") }
        registry.remove(id)
        aftermath.ended(builds)
        logger.info("a worker said goodbye", metadata: [LogKey.worker: "\(session.worker)", LogKey.session: "\(id)"])
        return Response(status: .noContent)
    }
}
