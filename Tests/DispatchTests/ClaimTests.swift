import Domain
import NIOCore
import StoreConformance
import Testing
import Wire

@testable import BuildDispatch

@Suite(.timeLimit(.minutes(10))) struct ClaimTests {
    @Test("A claim waits until there is work, and is answered with everything that the build needs")
    func longPoll() async throws {
        try await DispatchRig.with { rig in
            let worker = try await rig.worker()
            let waiting = await worker.waitingClaim()
            let request = try #require(try await rig.force().first)
            let answer = try DispatchRig.decode(ClaimAnswer.self, try await waiting.value)
            let build = try #require(answer.builds.first)
            #expect(answer.builds.count == 1 && answer.control.isEmpty)
            #expect(build.request == request && build.builder == "test" && build.attempt == 1 && build.project == "demo")
            #expect(build.stamp.repository == Samples.repository && build.stamp.revision == "0")
            #expect(build.steps.map(\.name) == ["unit"])
            #expect(try await rig.store.build(build.build)?.phase == .assigned)
        }
    }

    @Test("A claim that does not wait is answered at once; one that waits in vain, when its time is up")
    func nothing() async throws {
        try await DispatchRig.with { rig in
            let worker = try await rig.worker()
            #expect(try await worker.claim(wait: 0) == ClaimAnswer(builds: [], control: []))
            let waiting = await worker.waitingClaim()
            await rig.pass(seconds: 20)
            #expect(try DispatchRig.decode(ClaimAnswer.self, try await waiting.value) == ClaimAnswer(builds: [], control: []))
        }
    }

    @Test("A worker gets no more builds than it has free slots, and what its labels fit")
    func capacity() async throws {
        try await DispatchRig.with([Samples.builder("test"), Samples.builder("mac", labels: ["os": "mac"])]) { rig in
            let worker = try await rig.worker(labels: ["os": "linux"], slots: 3)
            try await rig.force(2, "mac")
            try await rig.force(5)
            #expect(try await worker.claim(0).builds.isEmpty)
            let first = try await worker.claim(2).builds
            #expect(first.count == 2 && first.allSatisfy { $0.builder == "test" })
            #expect(try await worker.claim(1, holding: first.map(\.build)).builds.count == 1)
            #expect(try await rig.store.builderCounts().first { $0.builder == "test" }?.pending == 2)
        }
    }

    @Test("What a lost answer held is handed out again, until the worker says that it holds it")
    func lostAnswer() async throws {
        try await DispatchRig.with { rig in
            let worker = try await rig.worker()
            try await rig.force()
            let build = try await worker.take()
            #expect(try await worker.claim().builds == [build])
            #expect(try await worker.claim().builds == [build])
            #expect(try await worker.claim(holding: [build.build]).builds.isEmpty)
        }
    }

    @Test("A worker has one wait at a time: the earlier one is answered with nothing")
    func oneWait() async throws {
        try await DispatchRig.with { rig in
            let worker = try await rig.worker()
            let first = await worker.waitingClaim()
            let second = Task { try await worker.claimResponse(wait: 20_000) }
            #expect(try DispatchRig.decode(ClaimAnswer.self, try await first.value).builds.isEmpty)
            try await rig.force()
            #expect(try DispatchRig.decode(ClaimAnswer.self, try await second.value).builds.count == 1)
        }
    }

    private static let wrongClaims = [
        (#"{"free":3,"holding":[],"wait_ms":0}"#, "/free"), (#"{"free":-1,"holding":[],"wait_ms":0}"#, "/free"),
        (#"{"free":1,"holding":[],"wait_ms":-1}"#, "/wait_ms"), (#"{"free":1,"holding":7,"wait_ms":0}"#, "/holding"),
        (#"{"free":1,"holding":["x"],"wait_ms":0}"#, "/holding/0"), (#"{"free":1,"holding":[]}"#, "/wait_ms"),
        (#"{"free":1,"holding":[],"wait_ms":0,"more":1}"#, "/more"),
        (#"{"free":1,"holding":[\#((0...1000).map { "\($0)" }.joined(separator: ","))],"wait_ms":0}"#, "/holding"),
    ]

    @Test("A claim that cannot be is refused by field")
    func refused() async throws {
        try await DispatchRig.with { rig in
            let worker = try await rig.worker()
            for (body, pointer) in Self.wrongClaims {
                let response = try await rig.call(.post, "sessions/\(worker.session)/claim", body: ByteBuffer(string: body))
                #expect(response.status == .unprocessableContent)
                #expect(try DispatchRig.problem(response).errors?.map(\.pointer) == [pointer], "\(body.prefix(100))")
            }
        }
    }

    @Test("A build whose recipe cannot be filled in ends as an exception that says why, and its slot goes to the next")
    func unusable() async throws {
        let broken = Builder(name: "broken", steps: [StepRecipe(name: "unit", action: .run(.shell("echo ${nowhere}")))])
        try await DispatchRig.with([broken, Samples.builder("test")]) { rig in
            let worker = try await rig.worker(slots: 1)
            let request = try #require(try await rig.force(1, "broken").first)
            try await rig.force()
            let waiting = await worker.waitingClaim(1)
            #expect(try DispatchRig.decode(ClaimAnswer.self, try await waiting.value).builds.map(\.builder) == ["test"])
            let row = try #require(try await rig.store.request(request))
            #expect(row.outcome == .exception && row.cause == .invalidStep && row.text.contains("nowhere"))
        }
    }

    @Test("When the process stops, every waiting worker is answered, and whoever comes later does not wait")
    func stop() async throws {
        try await DispatchRig.with { rig in
            let worker = try await rig.worker()
            let waiting = await worker.waitingClaim()
            rig.service.registry.stop()
            #expect(try await waiting.value.status == .ok)
            #expect(try await worker.claim(wait: 20_000).builds.isEmpty)
        }
    }
}
