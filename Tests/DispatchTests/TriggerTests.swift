import Domain
import Foundation
import HTTPTypes
import HummingbirdTesting
import NIOCore
import Storage
import StoreConformance
import Testing
import Wire

@testable import BuildDispatch

@Suite(.timeLimit(.minutes(10))) struct TriggerTests {
    private static let configuration: Configuration = {
        var configuration = Samples.configuration()
        configuration.builders = [
            Builder(
                name: "test",
                steps: [
                    StepRecipe(name: "deploy", action: .trigger(StepRecipe.Trigger(schedulers: ["deploys"]))),
                    StepRecipe(name: "unit", action: .run(.shell("true"))),
                ]),
            Samples.builder("upload"),
        ]
        configuration.schedulers.append(SchedulerRule(name: "deploys", kind: .triggerable, builders: ["upload"]))
        return configuration
    }()

    private func with(_ test: @Sendable @escaping (DispatchRig, WireWorker, AssignmentDocument) async throws -> Void) async throws {
        try await DispatchRig.with { rig in
            _ = try await rig.store.apply(Self.configuration, digest: Samples.digest(2))
            let worker = try await rig.worker()
            try await rig.force()
            let build = try await worker.take()
            _ = try await worker.report([build.report(.accept)])
            try await test(rig, worker, build)
        }
    }

    private func ask(_ rig: DispatchRig, _ worker: WireWorker, _ build: AssignmentDocument, fence: Int64? = nil, step: Int = 1, wait: Int = 0)
        async throws
        -> TestResponse
    {
        let request = TriggerRequest(
            session: worker.session, fence: fence.map { Fence($0) } ?? build.fence, step: step, attempt: 1, waitMilliseconds: wait)
        return try await rig.call(.post, "builds/\(build.build)/trigger", body: ByteBuffer(bytes: JSONEncoder().encode(request)))
    }

    @Test("A worker that waits for what its step triggered is told once that has ended")
    func waiting() async throws {
        try await with { rig, worker, build in
            let begun = try DispatchRig.decode(TriggerAnswer.self, try await ask(rig, worker, build))
            #expect(begun.outcome == nil && begun.buildsets.map(\.scheduler) == ["deploys"])
            let waiting = Task { try await ask(rig, worker, build, wait: 20_000) }
            await rig.clock.sleeper(until: rig.clock.now.advanced(by: .seconds(20)))
            let child = try #require(try await worker.claim(1, holding: [build.build]).builds.first)
            #expect(child.builder == "upload" && child.stamp == build.stamp)
            _ = try await worker.report([child.report(.accept), child.finish(.failure)])
            let answer = try DispatchRig.decode(TriggerAnswer.self, try await waiting.value)
            #expect(answer.outcome == .failure && answer.text == "buildset \(child.buildset) of deploys ended as failure")
        }
    }

    @Test("An answer whose time is over says that nothing has ended; the next call goes on")
    func timeIsOver() async throws {
        try await with { rig, worker, build in
            let waiting = Task { try await ask(rig, worker, build, wait: 5000) }
            await rig.clock.sleeper(until: rig.clock.now.advanced(by: .seconds(5)))
            await rig.pass(seconds: 5)
            #expect(try DispatchRig.decode(TriggerAnswer.self, try await waiting.value).outcome == nil)
            let again = try DispatchRig.decode(TriggerAnswer.self, try await ask(rig, worker, build))
            #expect(again.buildsets.count == 1)
        }
    }

    @Test("When the build ends before what it waits for, that is cancelled")
    func orphans() async throws {
        try await with { rig, worker, build in
            _ = try await ask(rig, worker, build)
            _ = try await worker.report([build.finish(.cancelled)])
            try await rig.until { try await rig.store.buildset(BuildsetID(2))?.outcome == .cancelled }
        }
    }

    @Test("When a step ends before what it waits for, that is cancelled, though its build goes on")
    func abandoned() async throws {
        try await with { rig, worker, build in
            _ = try await ask(rig, worker, build)
            _ = try await worker.report([build.started(), build.stepFinished()])
            try await rig.until { try await rig.store.buildset(BuildsetID(2))?.outcome == .cancelled }
            // A call that was on its way all the time makes nothing.
            #expect(try await ask(rig, worker, build).status == .unprocessableContent)
            #expect(try await rig.store.buildset(BuildsetID(3)) == nil)
        }
    }

    @Test("Another fence, and another's build, are conflicts; a step that triggers nothing is told so")
    func refused() async throws {
        try await with { rig, worker, build in
            #expect(try await ask(rig, worker, build, fence: 9).status == .conflict)
            let other = try await rig.worker("w2", incarnation: "incarnation-2")
            #expect(try await ask(rig, other, build).status == .conflict)
            for (step, wait) in [(2, 0), (3, 0), (1, 60_001)] {
                #expect(try await ask(rig, worker, build, step: step, wait: wait).status == .unprocessableContent)
            }
            #expect(try await rig.store.buildset(BuildsetID(2)) == nil)
        }
    }
}
