import Domain
import HTTPDoor
import Hummingbird
import ServiceLifecycle
import Storage
import Wire

extension TriggerRequest: StrictDocument {}

extension DispatchService {
    /// `POST builds/{build}/trigger`: a step has schedulers build, once, and waits for what comes of it.
    func trigger(_ request: Request, _ context: DoorContext) async throws -> Response {
        let asked = try await request.json(TriggerRequest.self, limit: WorkerProtocol.bodyLimit).document
        let session = try await authenticate(asked.session, request)
        guard (1...100_000).contains(asked.step), (1...100_000).contains(asked.attempt), asked.fence.rawValue > 0 else {
            throw Problem.invalidField("/step", "step, attempt and fence count from 1")
        }
        guard (0...WorkerProtocol.longestWaitMilliseconds).contains(asked.waitMilliseconds) else {
            throw Problem.invalidField("/wait_ms", "expected 0 to \(WorkerProtocol.longestWaitMilliseconds)")
        }
        let call = StepCall(
            build: try context.id("build"), session: session.id, fence: asked.fence, step: asked.step, attempt: asked.attempt)
        registry.callBegins(session.id)
        defer { registry.callEnds(session.id, now: clock.now) }
        let ticket = triggerWaits.enter(call)
        defer { triggerWaits.leave(ticket) }
        let verdict = try await watch.watching { [store] in try await store.trigger(call) }
        switch verdict {
        case .notFound: throw Problem.conflict("this session has no such build")
        case .stale(let detail): throw Problem.conflict(detail)
        case .invalid(let detail): throw Problem.invalidField("/step", detail)
        case .impossible(let detail): return try Response.json(TriggerAnswer(buildsets: [], outcome: .failure, text: detail))
        case .skipped(let detail): return try Response.json(TriggerAnswer(buildsets: [], outcome: .success, text: detail))
        case .made(let buildsets, let waits, let created):
            if created {
                bell.ring(.dispatchMatch)
                bell.ring(.schedulingDeadlines)
                // One without a known builder ended with its making.
                if buildsets.contains(where: { $0.outcome != nil }) { bell.ring(.schedulingCompletions) }
            }
            guard waits else {
                let text = buildsets.map { "buildset \($0.buildset) of \($0.scheduler)" }.joined(separator: ", ")
                return try Response.json(TriggerAnswer(buildsets, outcome: .success, text: "triggered \(text)"))
            }
            if let end = buildsets.end { return try Response.json(TriggerAnswer(buildsets, outcome: end.outcome, text: end.text)) }
            let news = await wait(ticket, for: .milliseconds(asked.waitMilliseconds), context)
            let now = news ?? buildsets
            return try Response.json(TriggerAnswer(now, outcome: now.end?.outcome, text: now.end?.text ?? ""))
        }
    }

    /// Until there is news, the time is over, the worker goes away, or the dispatcher stops.
    private func wait(_ ticket: TriggerWaits.Ticket, for time: Duration, _ context: DoorContext) async -> [TriggeredBuildset]? {
        guard time > .zero else { return nil }
        let deadline = clock.now.advanced(by: time)
        let timer = Task { [clock] in
            try? await clock.sleep(until: deadline, tolerance: nil)
            ticket.leave()
        }
        context.onClose { ticket.leave() }
        defer {
            timer.cancel()
            context.forgetClose()
        }
        return await withTaskCancellationOrGracefulShutdownHandler {
            await ticket.news.first { _ in true }
        } onCancelOrGracefulShutdown: {
            ticket.leave()
        }
    }
}

extension TriggerAnswer {
    fileprivate init(_ buildsets: [TriggeredBuildset], outcome: Outcome?, text: String) {
        self.init(
            buildsets: buildsets.map { Buildset(id: $0.buildset, scheduler: $0.scheduler, outcome: $0.outcome) }, outcome: outcome, text: text)
    }
}
