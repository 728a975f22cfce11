import Domain
import Foundation
import TestSupport
import Testing
import Wire

@testable import WorkerAgent

/// A worker against a dispatcher that behaves, and one that does not.
@Suite struct AgentTests {
    @Test("A build runs from its claim to its finish, with its reports in order and its logs whole")
    func wholeBuild() async throws {
        let dispatcher = FakeDispatcher()
        dispatcher.change { $0.pending = [Sample.build(1, [Sample.step("one", "echo hello"), Sample.step("two", "true")])] }
        try await dispatcher.serve { url in
            try await AgentHarness(urls: [url]).run { _ in
                let end = try #require(await dispatcher.finish(of: BuildID(1)))
                #expect(end.outcome == .success)
                #expect(end.logs.map(\.name) == ["1-one", "2-two"])
                #expect(dispatcher.log("1-one", of: BuildID(1)) == Data("hello\n".utf8))
                #expect(dispatcher.now.applied.map(\.kind) == [.accept, .stepStarted, .stepFinished, .stepStarted, .stepFinished, .finish])
                #expect(Set(dispatcher.now.applied.map(\.key)).count == 6)
                #expect(dispatcher.now.applied.allSatisfy { $0.fence == Fence(7) })
                let session = try #require(dispatcher.now.sessions.first)
                #expect(session.protocol == WorkerProtocol.version && session.secret.utf8.count >= 32 && session.labels["os"] == "linux")
            }
        }
    }

    @Test("A build without steps costs one call of reports")
    func emptyBuild() async throws {
        let dispatcher = FakeDispatcher()
        dispatcher.change { $0.pending = [Sample.build(1, [])] }
        try await dispatcher.serve { url in
            try await AgentHarness(urls: [url]).run { _ in
                #expect(await dispatcher.finish(of: BuildID(1))?.outcome == .success)
                #expect(dispatcher.now.reportCalls == 1)
            }
        }
    }

    @Test("Slots run builds side by side, and never more than there are")
    func slots() async throws {
        let dispatcher = FakeDispatcher()
        let temporary = TemporaryDirectory()
        // Each build waits until both are there: with one slot, neither would end.
        let meet = Sample.step(
            "meet", "touch \(temporary.path)/$DOORBELL_BUILD_ID; while [ $(ls \(temporary.path) | wc -l) -lt 2 ]; do sleep 0.05; done; pwd")
        dispatcher.change { $0.pending = [Sample.build(1, [meet]), Sample.build(2, [meet]), Sample.build(3, [meet])] }
        try await dispatcher.serve { url in
            try await AgentHarness(urls: [url], slots: 2).run { _ in
                for number: Int64 in 1...3 { #expect(await dispatcher.finish(of: BuildID(number))?.outcome == .success) }
                #expect(dispatcher.log("1-meet", of: BuildID(1)) != dispatcher.log("1-meet", of: BuildID(2)))
                #expect(dispatcher.now.claims.allSatisfy { $0.free + $0.holding.count <= 2 })
            }
        }
    }

    @Test("Answers that are lost are asked for again under the same keys, and nothing is done twice")
    func lostAnswers() async throws {
        let dispatcher = FakeDispatcher()
        let temporary = TemporaryDirectory()
        dispatcher.change { state in
            state.faults.lostClaimAnswers = 1
            state.faults.lostReportAnswers = 3
            state.faults.lostLogAnswers = 2
            state.pending = [Sample.build(1, [Sample.step("once", "echo x >> \(temporary.file("count")); echo printed")])]
        }
        try await dispatcher.serve { url in
            try await AgentHarness(urls: [url]).run { _ in
                #expect(await dispatcher.finish(of: BuildID(1))?.outcome == .success)
                let count = try String(contentsOfFile: temporary.file("count"), encoding: .utf8)
                #expect(count == "x\n")
                #expect(dispatcher.log("1-once", of: BuildID(1)) == Data("printed\n".utf8))
                #expect(dispatcher.now.repeats > 0 && dispatcher.now.conflicts == 0)
            }
        }
    }

    @Test("A log that the server has less of is sent again from there, also at the finish")
    func gaps() async throws {
        let dispatcher = FakeDispatcher()
        let temporary = TemporaryDirectory()
        let text = "echo first; while [ ! -e \(temporary.file("go")) ]; do sleep 0.05; done; echo second"
        dispatcher.change { state in
            state.faults.incomplete = 3
            state.pending = [Sample.build(1, [Sample.step("s", text)])]
        }
        try await dispatcher.serve { url in
            try await AgentHarness(urls: [url]).run { _ in
                try await dispatcher.until { $0.logs["1/1-s"] == Data("first\n".utf8) }
                dispatcher.change { $0.faults.truncateLogTo = 2 }
                try Data().write(to: URL(fileURLWithPath: temporary.file("go")))
                #expect(await dispatcher.finish(of: BuildID(1))?.outcome == .success)
                #expect(dispatcher.log("1-s", of: BuildID(1)) == Data("first\nsecond\n".utf8))
            }
        }
    }

    @Test("A build that is not ours any more is ended and forgotten, and the next one is taken", arguments: [true, false])
    func stale(byReport: Bool) async throws {
        let dispatcher = FakeDispatcher(lease: .milliseconds(600))
        let printing = byReport ? "sleep 600" : "while :; do echo x; sleep 0.1; done"
        dispatcher.change { $0.pending = [Sample.build(1, [Sample.step("long", printing)])] }
        try await dispatcher.serve { url in
            try await AgentHarness(urls: [url]).run { _ in
                try await dispatcher.until { $0.applied.contains { $0.kind == .stepStarted } }
                dispatcher.change { state in
                    state.faults.stale = [BuildID(1)]
                    state.pending = [Sample.build(2, [])]
                    state.assigned = []
                }
                #expect(await dispatcher.finish(of: BuildID(2))?.outcome == .success)
                #expect(dispatcher.now.finished[BuildID(1)] == nil)
            }
        }
    }

    @Test("Builds that are quiet have their lease renewed, many in one call")
    func renewal() async throws {
        let dispatcher = FakeDispatcher(lease: .milliseconds(600))
        dispatcher.change { $0.pending = [Sample.build(1, [Sample.step("a", "sleep 600")]), Sample.build(2, [Sample.step("b", "sleep 600")])] }
        try await dispatcher.serve { url in
            try await AgentHarness(urls: [url], slots: 2).run { _ in
                for build: Int64 in [1, 2] {
                    try await dispatcher.until { state in state.applied.count { $0.kind == .renew && $0.build == BuildID(build) } >= 3 }
                }
            }
        }
    }

    @Test("A cancel ends the build, whether a claim's, a report's or a log's answer brings it", arguments: ["claim", "log"])
    func cancel(way: String) async throws {
        let dispatcher = FakeDispatcher()
        dispatcher.change { $0.pending = [Sample.build(1, [Sample.step("long", "while :; do echo x; sleep 0.05; done")])] }
        try await dispatcher.serve { url in
            try await AgentHarness(urls: [url], slots: 1).run { _ in
                try await dispatcher.until { $0.logs["1/1-long"] != nil }
                dispatcher.change { state in
                    if way == "log" { state.faults.cancelInLogAnswer = true }
                    if way == "claim" { state.controls = [ControlDocument(build: BuildID(1), action: .cancel, reason: "asked")] }
                }
                let end = try #require(await dispatcher.finish(of: BuildID(1)))
                #expect(end.outcome == .cancelled && end.cause == .cancelled)
            }
        }
    }

    @Test("When the session is over its builds end, and a session of a new incarnation is opened")
    func sessionOver() async throws {
        let dispatcher = FakeDispatcher()
        dispatcher.change { $0.pending = [Sample.build(1, [Sample.step("long", "sleep 600")])] }
        try await dispatcher.serve { url in
            try await AgentHarness(urls: [url]).run { _ in
                try await dispatcher.until { $0.applied.contains { $0.kind == .stepStarted } }
                dispatcher.change { $0.faults.sessionsOver = true }
                dispatcher.change { state in
                    state.assigned = []
                    state.pending = [Sample.build(2, [])]
                }
                try await dispatcher.until { $0.sessions.count >= 2 }
                dispatcher.change { $0.faults.sessionsOver = false }
                #expect(await dispatcher.finish(of: BuildID(2))?.outcome == .success)
                #expect(Set(dispatcher.now.sessions.map(\.incarnation)).count == dispatcher.now.sessions.count)
                #expect(dispatcher.now.finished[BuildID(1)] == nil)
            }
        }
    }

    @Test("A dispatcher of another version, or one that refuses the token, is a clear error", arguments: [422, 426, 401])
    func refused(status: Int) async throws {
        let dispatcher = FakeDispatcher()
        dispatcher.change {
            $0.faults.sessionProblem = Problem(status: status, code: "x", title: "The worker speaks version 1, this server speaks 2")
        }
        try await dispatcher.serve { url in
            let error = await #expect(throws: WorkerError.self) { try await AgentHarness(urls: [url]).run { _ in await Gate().wait() } }
            #expect(error?.code == .refused)
            #expect(error?.exitStatus == 78)
            #expect(error?.message.contains("this server speaks 2") == true)
        }
    }

    @Test(
        "Addresses that are none are a clear error", arguments: [[], ["localhost:8010"], ["ftp://x"], ["http://"], ["http://u@h"], ["http://h?x=1"]])
    func addresses(urls: [String]) async throws {
        let error = await #expect(throws: WorkerError.self) { try await AgentHarness(urls: urls).run { _ in await Gate().wait() } }
        #expect(error?.code == .invalidConfiguration)
    }
}
