import Domain
import HTTPDoor
import Hummingbird
import Storage
import Wire

extension DispatchService {
    /// `POST sessions/{id}/reports`: what a worker says about its builds; each report is judged by itself.
    func report(_ request: Request, _ context: DoorContext) async throws -> Response {
        let session = try await authenticate(try context.id("session"), request)
        let batch = try await request.json(ReportBatch.self, limit: WorkerProtocol.bodyLimit).document
        guard batch.reports.count <= WorkerProtocol.reportLimit else {
            throw Problem.invalidField("/reports", "expected at most \(WorkerProtocol.reportLimit) reports, found \(batch.reports.count)")
        }
        var sound: [BuildReport] = []
        var refusals: [Int: String] = [:]
        for (place, document) in batch.reports.enumerated() {
            do {
                sound.append(try BuildReport(document, session: session.id))
            } catch {
                refusals[place] = error.detail
            }
        }
        let answers = sound.isEmpty ? [] : try await reports.submit(sound)
        var judged = zip(sound, answers).makeIterator()
        let documents = batch.reports.enumerated().map { place, document in
            if let detail = refusals[place] { return ReportAnswerDocument(key: document.key, status: 422, detail: detail) }
            return judged.next().map { ReportAnswerDocument(key: document.key, $0.1) }
                ?? ReportAnswerDocument(key: document.key, status: 500, detail: "not judged; send it again")
        }
        let control = controls(after: zip(sound, answers), session: session.id)
        return try Response.json(ReportBatchAnswer(answers: documents, control: control))
    }

    /// What the worker is told: cancels of the builds it spoke of, each time, and whatever else it has not heard yet.
    private func controls(after judged: some Sequence<(BuildReport, ReportAnswer)>, session: SessionID) -> [ControlDocument] {
        var reasons: [BuildID: String] = [:]
        for (report, answer) in judged {
            if case .finish = report.content, answer.verdict == .applied {
                reasons[report.build] = nil
            } else if let reason = answer.cancel {
                reasons[report.build] = reason
            }
        }
        for (build, reason) in reasons { registry.cancel(BuildCancel(build: build, session: session, reason: reason)) }
        for control in registry.takeControls(session) { reasons[control.build] = control.reason }
        return reasons.sorted { $0.key < $1.key }.map { ControlDocument(build: $0.key, action: .cancel, reason: $0.value) }
    }
}
