import Domain
import NIOCore
import StoreConformance
import Testing
import Wire

@testable import BuildDispatch

@Suite(.timeLimit(.minutes(10))) struct BoundTests {
    @Test("Whoever waits for a limit gets its build as soon as another worker's build has ended")
    func limit() async throws {
        var builder = Samples.builder("test")
        builder.limit = 1
        try await DispatchRig.with([builder]) { rig in
            let (first, second) = (try await rig.worker("w1"), try await rig.worker("w2"))
            let requests = try await rig.force(2)
            let build = try await first.take()
            let waiting = await second.waitingClaim()
            #expect(try await first.statuses([build.report(.accept), build.finish()]) == [200, 200])
            let answer = try DispatchRig.decode(ClaimAnswer.self, try await waiting.value)
            #expect(answer.builds.map(\.request) == [requests[1]])
        }
    }

    @Test("A lock that was kept for a worker goes to others as soon as that worker has gone")
    func goodbye() async throws {
        var builders = [Samples.builder("write", labels: ["os": "mac"]), Samples.builder("read")]
        builders[0].locks = [LockUse("db")]
        builders[1].locks = [LockUse("db", .counting)]
        try await DispatchRig.with(builders) { rig in
            let (plain, mac) = (try await rig.worker("plain"), try await rig.worker("mac", labels: ["os": "mac"]))
            try await rig.force(1, "write")
            let requests = try await rig.force(1, "read")
            #expect(try await plain.claim().builds.isEmpty)
            let waiting = await plain.waitingClaim()
            #expect(try await rig.call(.delete, "sessions/\(mac.session)").status == .noContent)
            let answer = try DispatchRig.decode(ClaimAnswer.self, try await waiting.value)
            #expect(answer.builds.map(\.request) == requests)
        }
    }
}
