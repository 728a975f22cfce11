import Domain
import Foundation
import ProcessSupport
import TestSupport
import Testing
import Wire

/// The worker as a program: killed, started again, misused.
@Suite struct WorkerProcessTests {
    let temporary = TemporaryDirectory()
    /// Stands in the environment of everything that the builds of one test start.
    let word = UUID().uuidString

    private func start(_ url: String, name: String = "w", arguments: [String] = [], environment: [String: String] = [:]) throws -> RunningProcess {
        try RunningProcess(
            Binaries.worker, ["--url", url, "--name", name, "--data-dir", temporary.file("data")] + arguments, in: temporary.path,
            environment: environment, logs: temporary.path, name: "worker-\(UUID().uuidString)")
    }

    private var alive: [ProcessTable.Entry] { ProcessTable.processes(withEnvironment: ["DOORBELL_TEST_WORD=\(word)"]) }

    private func build(_ number: Int64, _ text: String) -> AssignmentDocument {
        Sample.build(number, [Sample.step("s", text)], environment: ["DOORBELL_TEST_WORD": word])
    }

    @Test(
        "No step outlives a worker that is killed, whatever it did to detach itself",
        arguments: [
            "echo up; sleep 600", "trap '' TERM HUP INT; echo up; while :; do sleep 1; done",
            "(setsid sleep 600 &) ; setsid sh -c 'setsid sleep 600 & sleep 600' & echo up; sleep 600",
            "exec 3>&1 >&- 2>&-; echo up >&3; exec 3>&-; sleep 600",
        ])
    func killed(text: String) async throws {
        let dispatcher = FakeDispatcher()
        dispatcher.change { $0.pending = [build(1, text)] }
        try await dispatcher.serve { url in
            let worker = try start(url)
            try await dispatcher.until { $0.logs["1/1-s"] == Data("up\n".utf8) }
            #expect(!alive.isEmpty)
            worker.send(SIGKILL)
            #expect(await worker.status() == -SIGKILL)
            try await Poll.until { alive.isEmpty }
        }
    }

    @Test("A restarted worker ends what is left even when the guards were killed too, before it claims")
    func guardsKilled() async throws {
        let dispatcher = FakeDispatcher()
        dispatcher.change { $0.pending = [build(1, "(setsid sleep 600 &) ; setsid sleep 600 & cut -d' ' -f4 /proc/$$/stat; sleep 600")] }
        try await dispatcher.serve { url in
            let worker = try start(url)
            try await dispatcher.until { $0.logs["1/1-s"]?.last == UInt8(ascii: "\n") }
            let text = String(decoding: dispatcher.log("1-s", of: BuildID(1)) ?? Data(), as: UTF8.self)
            let guardian = try #require(pid_t(text.trimmingCharacters(in: .whitespacesAndNewlines)))
            kill(guardian, SIGKILL)
            worker.send(SIGKILL)
            _ = await worker.status()
            #expect(!alive.isEmpty)
            let before = dispatcher.now.sessions.count
            let again = try start(url)
            try await dispatcher.until { $0.sessions.count > before }
            #expect(alive.isEmpty)
            #expect(again.hasEnded == false)
        }
    }

    @Test("200 MB of output do not grow the worker, and arrive whole")
    func muchOutput() async throws {
        let dispatcher = FakeDispatcher()
        let size = 200_000_000
        dispatcher.change { $0.pending = [build(1, "head -c \(size) /dev/zero")] }
        try await dispatcher.serve { url in
            let worker = try start(url)
            let end = try #require(await dispatcher.finish(of: BuildID(1), within: .seconds(180)))
            #expect(end.logs.first?.size == Int64(size))
            // head -c 200000000 /dev/zero | sha256sum
            #expect(end.logs.first?.sha256 == "d162f6594b643795442d4c7bba3a1711962b9e63717625d9f1f9696df315c86b")
            let status = try String(contentsOfFile: "/proc/\(worker.pid)/status", encoding: .utf8)
            let peak = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM") }?.split(whereSeparator: { !$0.isNumber }).first)
            #expect(try #require(Int(peak)) < 150_000, "kilobytes")
        }
    }

    @Test("Two workers on one data directory: the second says so and ends with 75")
    func sharedDirectory() async throws {
        let dispatcher = FakeDispatcher()
        try await dispatcher.serve { url in
            let first = try start(url)
            try await dispatcher.until { !$0.sessions.isEmpty }
            let second = try start(url, name: "other")
            #expect(await second.status() == 75)
            #expect(second.errorOutput.contains("Give each worker a data directory of its own"))
            #expect(!first.hasEnded)
        }
    }

    @Test("A first TERM gives builds back and ends with 0; a second signal ends at once, with everything it ran")
    func signals() async throws {
        let dispatcher = FakeDispatcher()
        dispatcher.change { $0.pending = [build(1, "echo up; sleep 600"), build(2, "trap '' TERM; echo up; while :; do sleep 1; done")] }
        try await dispatcher.serve { url in
            let polite = try start(url)
            try await dispatcher.until { $0.logs["1/1-s"] != nil }
            polite.send(SIGTERM)
            #expect(await polite.status() == 0)
            #expect(dispatcher.now.finished[BuildID(1)]?.cause == .drained)

            let stubborn = try start(url, arguments: ["--drain-timeout", "600"])
            try await dispatcher.until { $0.logs["2/1-s"] != nil }
            stubborn.send(SIGINT)
            try await Poll.until { stubborn.errorOutput.contains("stopping") }
            stubborn.send(SIGINT)
            #expect(await stubborn.status() == 130)
            try await Poll.until { alive.isEmpty }
        }
    }

    @Test(
        "Wrong usage is explained, with the exit status of its kind",
        arguments: [
            (["--url", "nonsense"], Int32(78), "nonsense"), (["--slots", "0"], 64, "--slots"), (["--label", "x"], 64, "NAME=VALUE"),
            (["--drain-timeout", "-1"], 64, "drain-timeout"), (["--no-such"], 64, "no-such"),
        ] as [([String], Int32, String)])
    func usage(arguments: [String], status: Int32, part: String) async throws {
        let worker = try RunningProcess(
            Binaries.worker, arguments + ["--data-dir", temporary.file("data")], in: temporary.path, logs: temporary.path, name: "usage")
        #expect(await worker.status() == status)
        #expect(worker.errorOutput.contains(part), "\(worker.errorOutput)")
    }

    @Test("A dispatcher of another version is explained, with exit status 78")
    func otherVersion() async throws {
        let dispatcher = FakeDispatcher()
        dispatcher.change { $0.faults.sessionProblem = Problem(status: 422, code: "unsupported_protocol", title: "This server speaks version 2") }
        try await dispatcher.serve { url in
            let worker = try start(url)
            #expect(await worker.status() == 78)
            #expect(worker.errorOutput.contains("This server speaks version 2"))
        }
    }
}
