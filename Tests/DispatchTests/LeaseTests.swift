import Domain
import Storage
import StoreConformance
import Testing
import Wire

@testable import BuildDispatch

@Suite(.timeLimit(.minutes(10))) struct LeaseTests {
    @Test("A build that is not accepted within 30 s goes to another worker, and the late one is refused")
    func notAccepted() async throws {
        try await DispatchRig.with { rig in
            let worker = try await rig.worker("slow")
            let request = try #require(try await rig.force().first)
            let build = try await worker.take()
            for _ in 0..<4 {
                await rig.pass(seconds: 10)
                // It is there, and holds the build, but never takes it on.
                _ = try await worker.claim(0, holding: [build.build])
            }
            try await rig.until { try await rig.store.request(request)?.phase == .pending }
            #expect(try await rig.store.build(build.build)?.cause == .notAccepted)
            #expect(try await worker.statuses([build.report(.accept)]) == [409])
            let again = try await rig.worker("other").take()
            #expect(again.request == request && again.attempt == 2)
        }
    }

    @Test("A build lives as long as its worker renews it, however long that is")
    func renewed() async throws {
        try await DispatchRig.with { rig in
            let worker = try await rig.worker()
            try await rig.force()
            let build = try await worker.take()
            _ = try await worker.report([build.report(.accept)])
            for number in 0..<12 {
                await rig.pass(seconds: 10)
                #expect(try await worker.statuses([build.report(.renew, key: "r\(number)")]) == [200])
            }
            #expect(try await rig.store.build(build.build)?.phase == .running)
        }
    }

    @Test("A worker that falls silent is lost after its lease; its build is an exception, never a failure, and is tried again")
    func silent() async throws {
        try await DispatchRig.with { rig in
            let worker = try await rig.worker()
            let request = try #require(try await rig.force().first)
            let build = try await worker.take()
            _ = try await worker.report([build.report(.accept)])
            await rig.pass(seconds: 25)
            #expect(try await rig.store.build(build.build)?.phase == .running)
            await rig.pass(seconds: 10)
            try await rig.until { try await rig.store.request(request)?.phase == .pending }
            let lost = try #require(try await rig.store.build(build.build))
            #expect(lost.outcome == .exception && lost.cause == .lost)
            #expect(try await worker.claimResponse().status == .gone)
            #expect(try await rig.worker(incarnation: "incarnation-2").take().attempt == 2)
        }
    }

    @Test("A request that takes down several workers is stopped, and says which")
    func severalLost() async throws {
        try await DispatchRig.with { rig in
            let request = try #require(try await rig.force().first)
            for name in ["w1", "w2", "w3"] {
                let build = try await rig.worker(name).take()
                #expect(build.request == request)
                await rig.pass(seconds: 35)
                try await rig.until { try await rig.store.build(build.build)?.phase == .finished }
            }
            let row = try #require(try await rig.store.request(request))
            #expect(row.phase == .finished && row.outcome == .exception && row.attempts == 3)
            for name in ["w1", "w2", "w3"] { #expect(row.text.contains(name), "\(row.text)") }
            #expect(try await rig.worker("w4").claim().builds.isEmpty)
        }
    }

    @Test("A wall clock that jumps ends no lease: whoever holds a build has a whole period to renew it", arguments: [3600, -3600])
    func wallClockJumps(seconds: Int) async throws {
        try await DispatchRig.with { rig in
            let worker = try await rig.worker()
            try await rig.force()
            let build = try await worker.take()
            _ = try await worker.report([build.report(.accept)])
            rig.storeClock.advance(by: .seconds(seconds))
            await rig.pass(seconds: 25)
            #expect(try await worker.statuses([build.report(.renew)]) == [200])
            await rig.pass(seconds: 10)
            #expect(try await worker.statuses([build.report(.renew, key: "r2")]) == [200])
            #expect(try await rig.store.build(build.build)?.phase == .running)
        }
    }

    @Test("A process that stood still ends no lease at once")
    func standstill() async throws {
        try await DispatchRig.with { rig in
            let worker = try await rig.worker()
            try await rig.force()
            let build = try await worker.take()
            _ = try await worker.report([build.report(.accept)])
            rig.storeClock.advance(by: .seconds(300))
            rig.clock.advance(by: .seconds(300))
            await rig.pass(seconds: 25)
            #expect(try await worker.statuses([build.report(.renew)]) == [200])
            #expect(try await rig.store.build(build.build)?.phase == .running)
        }
    }
}
