import Domain
import Foundation
import HTTPTypes
import Hummingbird
import Wire

extension FakeDispatcher {
    func router() -> Router<BasicRequestContext> {
        let router = Router()
        let worker = router.group("worker/v1")
        worker.post("sessions") { request, context in try await self.open(request, context) }
        worker.post("sessions/{session}/claim") { request, context in try await self.claim(request, context) }
        worker.post("sessions/{session}/reports") { request, context in try await self.report(request, context) }
        worker.delete("sessions/{session}") { _, _ in
            self.change { $0.goodbyes += 1 }
            return HTTPResponse.Status.noContent
        }
        worker.patch("builds/{build}/logs/{name}") { request, context in try await self.append(request, context) }
        return router
    }

    private func open(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
        let asked = try await decode(SessionRequest.self, request)
        change { $0.sessions.append(asked) }
        if let problem = now.faults.sessionProblem { return try answer(problem, status: problem.status) }
        let number = now.sessions.map(\.incarnation).firstIndex(of: asked.incarnation) ?? 0
        return try answer(
            SessionDocument(
                session: SessionID(Int64(number + 1)), leaseMilliseconds: lease.microseconds / 1000, surviveMilliseconds: survive.microseconds / 1000),
            status: 201)
    }

    private func claim(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
        guard try check(request, context) else { return try over() }
        let asked = try await decode(ClaimRequest.self, request)
        change { $0.claims.append(asked) }
        let found: ClaimAnswer? = await wait(within: .milliseconds(asked.waitMilliseconds)) { _ in
            var found: ClaimAnswer?
            self.quietly { state in
                let lost = state.assigned.filter { state.finished[$0.build] == nil && !asked.holding.contains($0.build) }.prefix(asked.free)
                let new = state.pending.prefix(asked.free - lost.count)
                guard !lost.isEmpty || !new.isEmpty || !state.controls.isEmpty || state.faults.sessionsOver else { return }
                state.pending.removeFirst(new.count)
                state.assigned.append(contentsOf: new)
                found = ClaimAnswer(builds: Array(lost) + new, control: state.controls)
                state.controls = []
            }
            return found
        }
        if now.faults.sessionsOver { return try over() }
        if lose(\.lostClaimAnswers) { return Response(status: .internalServerError) }
        return try answer(found ?? ClaimAnswer(builds: [], control: []), status: 200)
    }

    private func report(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
        guard try check(request, context) else { return try over() }
        let batch = try await decode(ReportBatch.self, request)
        var answers: [ReportAnswerDocument] = []
        var control: [ControlDocument] = []
        change { state in
            state.reportCalls += 1
            answers = batch.reports.map { judge($0, &state) }
            control = state.controls
            state.controls = []
        }
        if lose(\.lostReportAnswers) { return Response(status: .internalServerError) }
        return try answer(ReportBatchAnswer(answers: answers, control: control), status: 200)
    }

    private func judge(_ report: ReportDocument, _ state: inout State) -> ReportAnswerDocument {
        if state.faults.stale.contains(report.build) { return ReportAnswerDocument(key: report.key, status: 409, detail: "stale") }
        if let before = state.applied.first(where: { $0.build == report.build && $0.key == report.key }) {
            state.repeats += 1
            if before != report { state.conflicts += 1 }
            return ReportAnswerDocument(key: report.key, status: 200)
        }
        if let end = report.finish {
            let sizes = end.logs.reduce(into: [String: Int64]()) { sizes, log in
                if let size = state.faults.incomplete {
                    state.logs["\(report.build)/\(log.name)"]?.removeSubrange(size...)
                }
                let held = Int64(state.logs["\(report.build)/\(log.name)"]?.count ?? 0)
                if held != log.size { sizes[log.name] = held }
            }
            state.faults.incomplete = nil
            if !sizes.isEmpty { return ReportAnswerDocument(key: report.key, status: 409, detail: "logs", incompleteLogs: sizes) }
            state.finished[report.build] = end
        }
        state.applied.append(report)
        return ReportAnswerDocument(key: report.key, status: 200)
    }

    private func append(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
        let build = try context.parameters.require("build", as: Int64.self)
        let name = try context.parameters.require("name")
        let range = request.headers[.contentRange] ?? ""
        guard let first = Int(range.dropFirst("bytes ".count).prefix { $0 != "-" }) else { return Response(status: .badRequest) }
        if now.faults.stale.contains(BuildID(build)) { return Response(status: .conflict) }
        let body = try await request.body.collect(upTo: WorkerProtocol.logChunkLimit)
        var size = 0
        var isGap = false
        change { state in
            state.logCalls += 1
            var log = state.logs["\(build)/\(name)"] ?? Data()
            if let limit = state.faults.truncateLogTo, log.count > limit {
                log.removeSubrange(limit...)
                state.faults.truncateLogTo = nil
            }
            isGap = first > log.count
            if !isGap { log.append(Data(body.readableBytesView.dropFirst(log.count - first))) }
            size = log.count
            state.logs["\(build)/\(name)"] = log
        }
        if lose(\.lostLogAnswers) { return Response(status: .internalServerError) }
        var response = Response(status: isGap ? .rangeNotSatisfiable : .accepted)
        if size > 0 { response.headers[.range] = "0-\(size - 1)" }
        if now.faults.cancelInLogAnswer, let field = HTTPField.Name(WorkerProtocol.controlHeader) { response.headers[field] = "cancel" }
        return response
    }

    /// The secret must be the one of the session that the path names.
    private func check(_ request: Request, _ context: BasicRequestContext) throws -> Bool {
        let session = try context.parameters.require("session", as: Int.self)
        let (sessions, isOver) = (now.sessions, now.faults.sessionsOver)
        guard !isOver, sessions.indices.contains(session - 1) else { return false }
        return request.headers[.authorization] == "Bearer \(sessions[session - 1].secret)"
    }

    private func over() throws -> Response {
        try answer(Problem(status: 410, code: "gone", title: "The session is over"), status: 410)
    }

    private func lose(_ fault: WritableKeyPath<Faults, Int>) -> Bool {
        var lost = false
        quietly { state in
            guard state.faults[keyPath: fault] > 0 else { return }
            state.faults[keyPath: fault] -= 1
            lost = true
        }
        return lost
    }

    private func decode<Document: Decodable>(_ type: Document.Type, _ request: Request) async throws -> Document {
        let body = try await request.body.collect(upTo: WorkerProtocol.bodyLimit)
        return try JSONDecoder().decode(type, from: Data(body.readableBytesView))
    }

    private func answer(_ document: some Encodable, status: Int) throws -> Response {
        Response(
            status: .init(code: status), headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(bytes: try JSONEncoder().encode(document))))
    }
}
