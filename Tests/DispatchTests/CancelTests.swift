import Domain
import HTTPTypes
import Storage
import StoreConformance
import Testing
import Wire

@testable import BuildDispatch

@Suite(.timeLimit(.minutes(10))) struct CancelTests {
    /// What the API does when somebody cancels.
    private func cancel(_ build: AssignmentDocument, _ rig: DispatchRig, rings: Bool = true) async throws {
        _ = try await rig.store.cancelBuild(build.build, reason: "not wanted")
        if rings { rig.bell.ring(.dispatchCancels) }
    }

    private func running(_ rig: DispatchRig) async throws -> (WireWorker, AssignmentDocument) {
        let worker = try await rig.worker()
        try await rig.force()
        let build = try await worker.take()
        _ = try await worker.report([build.report(.accept), build.started()])
        return (worker, build)
    }

    private static func expected(_ build: AssignmentDocument) -> [ControlDocument] {
        [ControlDocument(build: build.build, action: .cancel, reason: "not wanted")]
    }

    @Test("A worker that waits is told at once that a build of it shall end")
    func waiting() async throws {
        try await DispatchRig.with { rig in
            let (worker, build) = try await running(rig)
            let claim = await worker.waitingClaim(1, holding: [build.build])
            try await cancel(build, rig)
            #expect(try DispatchRig.decode(ClaimAnswer.self, try await claim.value) == ClaimAnswer(builds: [], control: Self.expected(build)))
        }
    }

    @Test("Every answer about the build says it, until it has ended; then none does")
    func everyAnswer() async throws {
        try await DispatchRig.with { rig in
            let (worker, build) = try await running(rig)
            let claim = await worker.waitingClaim(1, holding: [build.build])
            try await cancel(build, rig)
            _ = try await claim.value
            let control = try #require(HTTPField.Name(WorkerProtocol.controlHeader))
            #expect(try await worker.append(build, at: 0, [1]).headers[control] == "cancel")
            #expect(try await worker.append(build, at: 5, [1]).headers[control] == "cancel")
            #expect(try await worker.report([build.report(.renew, key: "r1")]).control == Self.expected(build))
            #expect(try await worker.report([build.report(.renew, key: "r2")]).control == Self.expected(build))
            let end = try await worker.report([build.finish(.cancelled, logs: [.of([1])])])
            #expect(end.answers.map(\.status) == [200] && end.control.isEmpty)
            #expect(try await rig.store.request(build.request)?.outcome == .cancelled)
            #expect(try await worker.claim().control.isEmpty)
        }
    }

    @Test("A cancel whose ring was lost reaches the worker with its next report")
    func lostRing() async throws {
        try await DispatchRig.with { rig in
            let (worker, build) = try await running(rig)
            try await cancel(build, rig, rings: false)
            #expect(try await worker.report([build.report(.renew)]).control == Self.expected(build))
        }
    }

    @Test("A cancelled build whose worker is lost is not tried again")
    func lost() async throws {
        try await DispatchRig.with { rig in
            let (worker, build) = try await running(rig)
            try await cancel(build, rig)
            #expect(try await rig.call(.delete, "sessions/\(worker.session)").status == .noContent)
            let request = try #require(try await rig.store.request(build.request))
            #expect(request.phase == .finished && request.outcome == .cancelled)
        }
    }
}
