import Crypto
import Domain
import Foundation
import HTTPTypes
import HummingbirdTesting
import NIOCore
import StoreConformance
import Testing
import Wire

/// A worker as a dispatcher sees it: calls, with nothing behind them.
struct WireWorker: Sendable {
    let rig: DispatchRig
    let session: SessionID

    func claimResponse(_ free: Int = 2, holding: [BuildID] = [], wait: Int = 0) async throws -> TestResponse {
        let body = try JSONEncoder().encode(ClaimRequest(free: free, holding: holding, waitMilliseconds: wait))
        return try await rig.call(.post, "sessions/\(session)/claim", body: ByteBuffer(bytes: body))
    }

    func claim(_ free: Int = 2, holding: [BuildID] = [], wait: Int = 0) async throws -> ClaimAnswer {
        let response = try await claimResponse(free, holding: holding, wait: wait)
        #expect(response.status == .ok)
        return try DispatchRig.decode(ClaimAnswer.self, response)
    }

    /// A claim that is waiting for work when this returns.
    func waitingClaim(_ free: Int = 2, holding: [BuildID] = []) async -> Task<TestResponse, any Error> {
        let task = Task { try await claimResponse(free, holding: holding, wait: 20_000) }
        // It is watched from then on.
        await rig.clock.sleeper(until: rig.clock.now.advanced(by: .milliseconds(50)))
        return task
    }

    /// The one build that there is to be had.
    func take() async throws -> AssignmentDocument { try #require(try await claim(1).builds.first) }

    func reportResponse(_ reports: [ReportDocument]) async throws -> TestResponse {
        try await rig.call(.post, "sessions/\(session)/reports", body: ByteBuffer(bytes: JSONEncoder().encode(ReportBatch(reports: reports))))
    }

    func report(_ reports: [ReportDocument]) async throws -> ReportBatchAnswer {
        let response = try await reportResponse(reports)
        #expect(response.status == .ok)
        return try DispatchRig.decode(ReportBatchAnswer.self, response)
    }

    /// The statuses that the reports get, in order.
    func statuses(_ reports: [ReportDocument]) async throws -> [Int] { try await report(reports).answers.map(\.status) }

    func append(
        _ build: AssignmentDocument, _ name: String = "1-unit", at offset: Int, _ bytes: [UInt8], range: String? = nil, fence: Int64? = nil
    ) async throws -> TestResponse {
        try await rig.call(
            .patch, "builds/\(build.build)/logs/\(name)",
            [
                .contentRange: range ?? "bytes \(offset)-\(offset + bytes.count - 1)/*",
                try header(WorkerProtocol.sessionHeader): "\(session)", try header(WorkerProtocol.fenceHeader): "\(fence ?? build.fence.rawValue)",
                try header(WorkerProtocol.stepHeader): "1",
            ], body: ByteBuffer(bytes: bytes))
    }

    private func header(_ text: String) throws -> HTTPField.Name { try #require(HTTPField.Name(text)) }
}

extension AssignmentDocument {
    func report(_ kind: ReportDocument.Kind, key: String? = nil, fence: Int64? = nil) -> ReportDocument {
        ReportDocument(key: key ?? kind.rawValue, build: build, fence: fence.map { Fence($0) } ?? self.fence, kind: kind)
    }

    func started(key: String = "s1", number: Int = 1) -> ReportDocument {
        ReportDocument(key: key, build: build, fence: fence, kind: .stepStarted, stepStarted: StepStart(number: number))
    }

    func stepFinished(key: String = "f1", text: String = "done") -> ReportDocument {
        ReportDocument(
            key: key, build: build, fence: fence, kind: .stepFinished,
            stepFinished: StepEnd(number: 1, outcome: .success, exitStatus: 0, durationMilliseconds: 3, text: text))
    }

    func finish(_ outcome: Outcome = .success, key: String = "finish", logs: [LogDeclaration] = []) -> ReportDocument {
        ReportDocument(key: key, build: build, fence: fence, kind: .finish, finish: BuildEnd(outcome: outcome, logs: logs))
    }
}
