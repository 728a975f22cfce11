import Domain
import HTTPDoor
import Hummingbird
import ServiceLifecycle
import Signals
import Wire

extension DispatchService {
    /// A wait shorter than this is not worth watching its connection.
    private static let unwatched: Duration = .milliseconds(50)
    /// How long a claim that does not wait may take until a pass has looked at it.
    private static let longestLook: Duration = .seconds(5)

    /// `POST sessions/{id}/claim`: a worker waits for work for its free slots.
    func claim(_ request: Request, _ context: DoorContext) async throws -> Response {
        let session = try await authenticate(try context.id("session"), request)
        let claim = try await request.json(ClaimRequest.self, limit: WorkerProtocol.bodyLimit).document.checked(for: session)
        registry.callBegins(session.id)
        let outcome = await wait(claim, session: session.id, context)
        registry.callEnds(session.id, now: clock.now)
        var builds: [AssignmentDocument] = []
        switch outcome {
        case .builds(let found): builds = found
        case .control, .nothing: break
        case .ended: throw Problem.gone("the worker has a newer session")
        }
        return try Response.json(ClaimAnswer(builds: builds, control: registry.takeControls(session.id)))
    }

    private func wait(_ claim: ClaimRequest, session: SessionID, _ context: DoorContext) async -> ClaimOutcome {
        switch registry.wait(claim, session: session) {
        case .answered(let outcome):
            return outcome
        case .ticket(let ticket, let needsPass):
            if needsPass { match.ring() }
            let limit: Duration = claim.waitMilliseconds > 0 ? .milliseconds(claim.waitMilliseconds) : Self.longestLook
            let deadline = clock.now.advanced(by: limit)
            let timer = Task { await self.watch(ticket, until: deadline, context) }
            defer {
                timer.cancel()
                registry.leave(ticket)
            }
            return await withTaskCancellationOrGracefulShutdownHandler {
                await ticket.outcome()
            } onCancelOrGracefulShutdown: {
                ticket.decide(.nothing)
            }
        }
    }

    /// Ends the wait at its deadline, or when the worker goes away: then it is given nothing. Cancelled when the claim is answered.
    private func watch(_ ticket: ClaimTicket, until deadline: ContinuousClock.Instant, _ context: DoorContext) async {
        do {
            try await clock.sleep(until: min(deadline, clock.now.advanced(by: Self.unwatched)), tolerance: nil)
        } catch {
            return
        }
        context.onClose { [registry] in registry.leave(ticket) }
        defer { context.forgetClose() }
        do {
            try await clock.sleep(until: deadline, tolerance: nil)
        } catch {
            return
        }
        registry.leave(ticket)
    }
}
