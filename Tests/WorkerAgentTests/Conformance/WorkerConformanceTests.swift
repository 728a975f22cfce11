import Domain
import Foundation
import ProcessSupport
import TestSupport
import Testing
import Wire

/// What docs/worker-protocol.md asks of a worker, held against ours and against the one in examples/worker, as programs.
@Suite(.timeLimit(.minutes(4))) struct WorkerConformanceTests {
    enum Program: String, CaseIterable, CustomTestStringConvertible {
        case ours, python

        var testDescription: String { rawValue }
    }

    private let temporary = TemporaryDirectory()

    private static let example: String = {
        var path = #filePath
        for _ in 0..<4 { path = (path as NSString).deletingLastPathComponent }
        return path + "/examples/worker/worker.py"
    }()

    /// Runs a worker while `body` runs, then ends it.
    private func with(
        _ program: Program, _ dispatcher: FakeDispatcher, _ body: @Sendable (RunningProcess) async throws -> Void
    ) async throws {
        let temporary = temporary
        try await dispatcher.serve { url in
            let process =
                switch program {
                case .ours:
                    try RunningProcess(
                        Binaries.worker, ["--url", url, "--name", "w", "--data-dir", temporary.file("data")], in: temporary.path, environment: [:],
                        logs: temporary.path, name: "worker")
                case .python:
                    try RunningProcess(
                        "/usr/bin/python3", [Self.example, url, "w"], in: temporary.path, environment: [:], logs: temporary.path, name: "worker")
                }
            defer { process.send(SIGKILL) }
            do {
                try await body(process)
            } catch {
                Issue.record("\(error): \(process.output)\(process.errorOutput)")
            }
        }
    }

    @Test("A build runs from its claim to its finish: reports in order under keys of their own, logs whole and declared", arguments: Program.allCases)
    func whole(program: Program) async throws {
        let dispatcher = FakeDispatcher()
        let steps = [
            Sample.step("one", "echo hello; echo $GREETING >&2") { $0.environment = ["GREETING": "hi"] }, Sample.step("two", "true"),
            StepRecipe(name: "three", action: .run(.arguments(["printf", "%s|", "a b", "$HOME", "*"]))),
        ]
        dispatcher.change { $0.pending = [Sample.build(1, steps)] }
        try await with(program, dispatcher) { _ in
            let end = try #require(await dispatcher.finish(of: BuildID(1)))
            #expect(end.outcome == .success)
            #expect(end.logs.map(\.name) == ["1-one", "2-two", "3-three"] && end.logs.map(\.step) == [1, 2, 3])
            #expect(end.logs.map(\.size) == [9, 0, 12])
            #expect(dispatcher.log("1-one", of: BuildID(1)) == Data("hello\nhi\n".utf8))
            #expect(dispatcher.log("3-three", of: BuildID(1)) == Data("a b|$HOME|*|".utf8))
            let step: [ReportDocument.Kind] = [.stepStarted, .stepFinished]
            #expect(dispatcher.now.applied.map(\.kind) == [.accept] + step + step + step + [.finish])
            #expect(Set(dispatcher.now.applied.map(\.key)).count == 8 && dispatcher.now.applied.allSatisfy { $0.fence == Fence(7) })
            let session = try #require(dispatcher.now.sessions.first)
            #expect(session.protocol == WorkerProtocol.version && session.secret.utf8.count >= 32 && session.incarnation.utf8.count >= 8)
        }
    }

    @Test("Answers that are lost are asked for again under the same keys, and nothing is done twice", arguments: Program.allCases)
    func lostAnswers(program: Program) async throws {
        let dispatcher = FakeDispatcher()
        let count = temporary.file("count")
        dispatcher.change { state in
            state.faults.lostClaimAnswers = 1
            state.faults.lostReportAnswers = 3
            state.faults.lostLogAnswers = 2
            state.pending = [Sample.build(1, [Sample.step("once", "echo x >> \(count); echo printed")])]
        }
        try await with(program, dispatcher) { _ in
            #expect(await dispatcher.finish(of: BuildID(1))?.outcome == .success)
            let counted = try String(contentsOfFile: count, encoding: .utf8)
            #expect(counted == "x\n")
            #expect(dispatcher.log("1-once", of: BuildID(1)) == Data("printed\n".utf8))
            #expect(dispatcher.now.repeats > 0 && dispatcher.now.conflicts == 0)
        }
    }

    @Test("A log that the server has less of is sent again from there, also at the finish", arguments: Program.allCases)
    func gaps(program: Program) async throws {
        let dispatcher = FakeDispatcher()
        let go = temporary.file("go")
        dispatcher.change { state in
            state.faults.incomplete = 3
            state.pending = [Sample.build(1, [Sample.step("s", "echo first; while [ ! -e \(go) ]; do sleep 0.05; done; echo second")])]
        }
        try await with(program, dispatcher) { _ in
            try await dispatcher.until { $0.logs["1/1-s"] == Data("first\n".utf8) }
            dispatcher.change { $0.faults.truncateLogTo = 2 }
            try Data().write(to: URL(fileURLWithPath: go))
            #expect(await dispatcher.finish(of: BuildID(1))?.outcome == .success)
            #expect(dispatcher.log("1-s", of: BuildID(1)) == Data("first\nsecond\n".utf8))
        }
    }

    @Test("A build that is somebody else's by now is ended and forgotten, and the next one is taken", arguments: Program.allCases)
    func stale(program: Program) async throws {
        let dispatcher = FakeDispatcher(lease: .milliseconds(600))
        let pid = temporary.file("pid")
        dispatcher.change { $0.pending = [Sample.build(1, [Sample.step("long", "echo $$ > \(pid); sleep 600")])] }
        try await with(program, dispatcher) { _ in
            try await Poll.until { FileManager.default.fileExists(atPath: pid) }
            dispatcher.change { state in
                state.faults.stale = [BuildID(1)]
                state.assigned = []
                state.pending = [Sample.build(2, [])]
            }
            #expect(await dispatcher.finish(of: BuildID(2))?.outcome == .success)
            #expect(dispatcher.now.finished[BuildID(1)] == nil)
            let number = try #require(pid_t(try String(contentsOfFile: pid, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)))
            try await Poll.until { kill(number, 0) != 0 }
        }
    }

    @Test("A quiet build has its lease renewed", arguments: Program.allCases)
    func renewal(program: Program) async throws {
        let dispatcher = FakeDispatcher(lease: .milliseconds(600))
        dispatcher.change { $0.pending = [Sample.build(1, [Sample.step("quiet", "sleep 600")])] }
        try await with(program, dispatcher) { _ in
            try await dispatcher.until { state in state.applied.count { $0.kind == .renew } >= 3 }
        }
    }

    @Test(
        "A cancel ends the build, whether a report's or a log's answer brings it; what always runs still runs", arguments: Program.allCases,
        [true, false])
    func cancel(program: Program, byLog: Bool) async throws {
        let dispatcher = FakeDispatcher(lease: .milliseconds(600))
        let text = byLog ? "while :; do echo x; sleep 0.05; done" : "echo x; sleep 600"
        let steps = [Sample.step("long", text), Sample.step("next", "true"), Sample.step("tidy", "echo tidy") { $0.always = true }]
        dispatcher.change { $0.pending = [Sample.build(1, steps)] }
        try await with(program, dispatcher) { _ in
            try await dispatcher.until { $0.logs["1/1-long"] != nil }
            dispatcher.change { state in
                if byLog { state.faults.cancelInLogAnswer = true }
                if !byLog { state.controls = [ControlDocument(build: BuildID(1), action: .cancel, reason: "asked")] }
            }
            let end = try #require(await dispatcher.finish(of: BuildID(1)))
            #expect(end.outcome == .cancelled && end.cause == .cancelled)
            #expect(dispatcher.log("3-tidy", of: BuildID(1)) == Data("tidy\n".utf8))
            #expect(dispatcher.now.logs["1/2-next"] == nil)
        }
    }

    @Test("When the session is over its builds end, and a session of a new incarnation is opened", arguments: Program.allCases)
    func sessionOver(program: Program) async throws {
        let dispatcher = FakeDispatcher(lease: .milliseconds(600))
        dispatcher.change { $0.pending = [Sample.build(1, [Sample.step("long", "sleep 600")])] }
        try await with(program, dispatcher) { _ in
            try await dispatcher.until { $0.applied.contains { $0.kind == .stepStarted } }
            dispatcher.change { state in
                state.faults.sessionsOver = true
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

    @Test("Steps repeat, go on, warn and end the build as their recipes say", arguments: Program.allCases)
    func recipes(program: Program) async throws {
        let dispatcher = FakeDispatcher()
        let mark = temporary.file("mark")
        let steps = [
            Sample.step("again", "[ -e \(mark) ] || { touch \(mark); exit 1; }") { $0.retries = 2 },
            Sample.step("warn", "exit 2") { $0.warningsOnly = true },
            Sample.step("on", "exit 3") { $0.continueOnFailure = true },
            Sample.step("slow", "sleep 600") { $0.timeout = .milliseconds(400) },
            Sample.step("never", "true"),
            Sample.step("tidy", "echo tidy") { $0.always = true },
        ]
        dispatcher.change { $0.pending = [Sample.build(1, steps)] }
        try await with(program, dispatcher) { _ in
            let end = try #require(await dispatcher.finish(of: BuildID(1)))
            #expect(end.outcome == .failure)
            let ended = dispatcher.now.applied.compactMap(\.stepFinished)
            #expect(ended.map { "\($0.number).\($0.attempt)" } == ["1.1", "1.2", "2.1", "3.1", "4.1", "6.1"])
            #expect(ended.map(\.outcome) == [.failure, .success, .warnings, .failure, .failure, .success])
            #expect(ended[0].exitStatus == 1 && ended[0].cause == .exitStatus && ended[4].cause == .timeout)
        }
    }

    @Test("The exact revision is checked out, not the tip", arguments: Program.allCases)
    func checkout(program: Program) async throws {
        let repository = try GitRepository(at: temporary.file("repo"))
        let first = try repository.commit(["greeting": "hello\n"], message: "First")
        try repository.commit(["greeting": "goodbye\n"], message: "Second")
        let dispatcher = FakeDispatcher()
        let steps = [StepRecipe(name: "get", action: .checkout(.init())), Sample.step("show", "cat greeting")]
        let path = repository.path
        dispatcher.change { $0.pending = [Sample.build(1, steps, repository: path, revision: first), Sample.build(2, steps, repository: path)] }
        try await with(program, dispatcher) { _ in
            for number: Int64 in [1, 2] { #expect(await dispatcher.finish(of: BuildID(number))?.outcome == .success) }
            #expect(dispatcher.log("2-show", of: BuildID(1)) == Data("hello\n".utf8))
            #expect(dispatcher.log("2-show", of: BuildID(2)) == Data("goodbye\n".utf8))
        }
    }

    @Test("Told to stop, a worker gives its build back, says goodbye and ends with 0", arguments: Program.allCases)
    func drain(program: Program) async throws {
        let dispatcher = FakeDispatcher(lease: .milliseconds(600))
        dispatcher.change { $0.pending = [Sample.build(1, [Sample.step("long", "sleep 600")])] }
        try await with(program, dispatcher) { process in
            try await dispatcher.until { $0.applied.contains { $0.kind == .stepStarted } }
            process.send(SIGTERM)
            let end = try #require(await dispatcher.finish(of: BuildID(1)))
            #expect(end.outcome == .exception && end.cause == .drained)
            #expect(await process.status() == 0)
            #expect(dispatcher.now.goodbyes == 1)
        }
    }
}
