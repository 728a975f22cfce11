import Domain
import Foundation
import TestSupport
import Testing
import Wire

@testable import WorkerAgent

/// Dispatchers that go away, and a worker that is told to stop.
@Suite struct AgentOutageTests {
    /// An address where nobody listens.
    static let nobody = "http://127.0.0.1:9"

    @Test("A worker uses the next dispatcher when one does not answer")
    func nextDispatcher() async throws {
        let dispatcher = FakeDispatcher()
        dispatcher.change { $0.pending = [Sample.build(1, [Sample.step("s", "echo x")])] }
        try await dispatcher.serve { url in
            try await AgentHarness(urls: [Self.nobody, url]).run { _ in
                #expect(await dispatcher.finish(of: BuildID(1))?.outcome == .success)
            }
        }
    }

    @Test("A build goes on while no dispatcher answers, and is reported to another one on another port")
    func anotherPort() async throws {
        let dispatcher = FakeDispatcher()
        let temporary = TemporaryDirectory()
        let text = "echo first; while [ ! -e \(temporary.file("go")) ]; do sleep 0.05; done; echo second; touch \(temporary.file("done"))"
        dispatcher.change { $0.pending = [Sample.build(1, [Sample.step("s", text)])] }
        let relay = TestRelay()
        try await relay.serve { relayed in
            try await AgentHarness(urls: [relayed]).run { _ in
                try await dispatcher.serve { url in
                    relay.target(url)
                    try await dispatcher.until { $0.logs["1/1-s"] != nil }
                }
                // No dispatcher is there now, and the build ends.
                relay.target(nil)
                try Data().write(to: URL(fileURLWithPath: temporary.file("go")))
                try await Poll.until { FileManager.default.fileExists(atPath: temporary.file("done")) }
                try await dispatcher.serve { url in
                    relay.target(url)
                    #expect(await dispatcher.finish(of: BuildID(1))?.outcome == .success)
                    #expect(dispatcher.log("1-s", of: BuildID(1)) == Data("first\nsecond\n".utf8))
                    #expect(dispatcher.now.sessions.count == 1)
                }
            }
        }
    }

    @Test("When no dispatcher answers for longer than a lease can live, the build is ended")
    func survive() async throws {
        let dispatcher = FakeDispatcher(lease: .milliseconds(300), survive: .milliseconds(300))
        let temporary = TemporaryDirectory()
        let text = "trap 'touch \(temporary.file("ended")); exit' TERM; echo up; while :; do sleep 0.05; done"
        dispatcher.change { $0.pending = [Sample.build(1, [Sample.step("s", text)])] }
        let relay = TestRelay()
        try await relay.serve { relayed in
            try await AgentHarness(urls: [relayed]).run { _ in
                try await dispatcher.serve { url in
                    relay.target(url)
                    try await dispatcher.until { $0.logs["1/1-s"] != nil }
                }
                relay.target(nil)
                try await Poll.until { FileManager.default.fileExists(atPath: temporary.file("ended")) }
            }
        }
    }

    @Test("Told to stop, a worker gives its builds back, says goodbye and ends")
    func drain() async throws {
        let dispatcher = FakeDispatcher()
        dispatcher.change { $0.pending = [Sample.build(1, [Sample.step("long", "echo up; sleep 600")])] }
        try await dispatcher.serve { url in
            try await AgentHarness(urls: [url]).run { group in
                try await dispatcher.until { $0.logs["1/1-long"] != nil }
                await group.triggerGracefulShutdown()
                let end = try #require(await dispatcher.finish(of: BuildID(1)))
                #expect(end.outcome == .exception && end.cause == .drained)
                #expect(dispatcher.log("1-long", of: BuildID(1)) == Data("up\n".utf8))
                try await dispatcher.until { $0.goodbyes > 0 }
            }
        }
    }

    @Test("With time to drain, builds end by themselves, and no new one is taken")
    func drainTime() async throws {
        let dispatcher = FakeDispatcher()
        let temporary = TemporaryDirectory()
        let text = "echo up; while [ ! -e \(temporary.file("go")) ]; do sleep 0.05; done"
        dispatcher.change { $0.pending = [Sample.build(1, [Sample.step("s", text)])] }
        try await dispatcher.serve { url in
            try await AgentHarness(urls: [url]) { $0.drainTimeout = .seconds(300) }.run { group in
                try await dispatcher.until { $0.logs["1/1-s"] != nil }
                await group.triggerGracefulShutdown()
                dispatcher.change { $0.pending = [Sample.build(2, [])] }
                try Data().write(to: URL(fileURLWithPath: temporary.file("go")))
                #expect(await dispatcher.finish(of: BuildID(1))?.outcome == .success)
                try await dispatcher.until { $0.goodbyes > 0 }
                #expect(dispatcher.now.finished[BuildID(2)] == nil)
            }
        }
    }

    @Test("Waits before new attempts begin short, grow to a second, then to five, and have jitter")
    func backoff() {
        var backoff = Backoff()
        let whole = (0..<70).map { _ in backoff.next(random: 1) }
        #expect(whole.prefix(5) == [.milliseconds(100), .milliseconds(200), .milliseconds(400), .milliseconds(800), .seconds(1)])
        #expect(whole[59] == .seconds(1) && whole[60] == .seconds(5))
        backoff.reset()
        #expect(backoff.next(random: 0) == .milliseconds(50))
    }
}
