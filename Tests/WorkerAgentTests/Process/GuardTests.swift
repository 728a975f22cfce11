import Domain
import Foundation
import ProcessSupport
import Synchronization
import TestSupport
import Testing

@testable import WorkerAgent

/// What the guard promises of commands, with real processes.
@Suite struct GuardTests {
    /// Collects a command's output.
    final class Collected: Sendable {
        private let bytes = Mutex<[UInt8]>([])
        var all: [UInt8] { bytes.withLock { $0 } }
        var text: String { String(decoding: all, as: UTF8.self) }
        func take(_ new: UnsafeRawBufferPointer) { bytes.withLock { $0.append(contentsOf: new) } }
    }

    /// A word that stands in the environment of everything that one test starts.
    let word = "DOORBELL_GUARD_TEST=\(UUID().uuidString)"

    private func command(_ text: String, change: (inout GuardedCommand) -> Void = { _ in }) -> GuardedCommand {
        var command = GuardedCommand(
            program: "/bin/sh", arguments: ["/bin/sh", "-c", text],
            environment: ["PATH": "/usr/local/bin:/usr/bin:/bin", "DOORBELL_GUARD_TEST": String(word.dropFirst("DOORBELL_GUARD_TEST=".count))],
            directory: "/", grace: .milliseconds(200), leftoverGrace: .milliseconds(200))
        change(&command)
        return command
    }

    private func run(
        _ text: String, control: CommandControl = CommandControl(), change: (inout GuardedCommand) -> Void = { _ in }
    ) async -> (CommandResult, Collected) {
        let collected = Collected()
        let result = await CommandThread.run(command(text, change: change), control: control) { collected.take($0) }
        return (result, collected)
    }

    private var left: Int { ProcessTable.processes(withEnvironment: [word]).count }

    @Test("Exit statuses are kept", arguments: [0, 1, 3, 127, 255])
    func exitStatus(status: Int32) async {
        let (result, _) = await run("exit \(status)")
        #expect(result.ending == .exited(status))
        #expect(result.interruption == nil)
    }

    @Test("Signals are kept", arguments: [SIGKILL, SIGTERM, SIGSEGV])
    func signal(number: Int32) async {
        let (result, _) = await run("kill -\(number) $$")
        #expect(result.ending == .signalled(number))
    }

    @Test("Standard output and error come in the order in which they were written")
    func order() async {
        let (_, output) = await run("for i in 1 2 3 4 5; do echo out $i; echo err $i >&2; done")
        #expect(output.text == (1...5).map { "out \($0)\nerr \($0)\n" }.joined())
    }

    @Test("Output is kept byte for byte, also what is no text")
    func bytes() async {
        let (result, output) = await run(#"i=0; while [ $i -lt 256 ]; do printf "\\$(printf %o $i)"; i=$((i+1)); done; printf '\377\376'"#)
        #expect(result.succeeded)
        #expect(output.all == Array(0...255) + [0xFF, 0xFE])
    }

    @Test("Standard input is empty")
    func input() async {
        let (result, output) = await run("cat; echo end")
        #expect(result.succeeded)
        #expect(output.text == "end\n")
    }

    @Test("No descriptor of the worker is open in a command but 0, 1 and 2")
    func descriptors() async {
        let (_, output) = await run("ls /proc/self/fd")
        // The fourth is that of ls itself, reading the directory.
        #expect(output.text.split(separator: "\n") == ["0", "1", "2", "3"])
    }

    @Test("A command starts with every signal unblocked and none ignored")
    func signals() async {
        let (_, output) = await run("grep -E '^Sig(Blk|Ign)' /proc/self/status")
        #expect(output.text.split(separator: "\n").allSatisfy { $0.hasSuffix("0000000000000000") }, "\(output.text)")
    }

    @Test(
        "Whatever a command leaves behind ends with it",
        arguments: [
            "sleep 600 & exit 0",
            "(sleep 600 &) ; exit 0",
            "setsid sleep 600 & exit 0",
            "(setsid sh -c 'setsid sleep 600 & sleep 600' &) ; sleep 0.1; exit 0",
            "(trap '' TERM; sleep 600; sleep 600) & exit 0",
            "(sleep 600 >/dev/null 2>&1 </dev/null &) ; exit 0",
            "sh -c 'exec >&- 2>&-; trap \"\" TERM HUP INT; while :; do sleep 600; done' & sleep 0.1; exit 0",
        ])
    func leftovers(text: String) async {
        let (result, _) = await run(text)
        #expect(result.ending == .exited(0))
        #expect(left == 0)
    }

    @Test("A command that ignores TERM is killed after the grace")
    func ignoresTerm() async {
        let (result, _) = await run("trap '' TERM; while :; do sleep 0.05; done") { $0.timeout = .milliseconds(300) }
        #expect(result.ending == .signalled(SIGKILL))
        #expect(result.interruption == .timeout)
        #expect(left == 0)
    }

    @Test("A command that heeds TERM can clean up, and says how it ended")
    func heedsTerm() async {
        let (result, output) = await run("trap 'echo cleaned; exit 4' TERM; echo up; while :; do sleep 0.05; done") {
            $0.timeout = .milliseconds(500)
            $0.grace = .seconds(30)
        }
        #expect(result.ending == .exited(4))
        #expect(result.interruption == .timeout)
        // The shell may say that it was its sleep that TERM ended.
        #expect(output.text.hasPrefix("up\n") && output.text.hasSuffix("cleaned\n"))
    }

    @Test("A stopped command is ended too")
    func stopped() async {
        let (result, _) = await run("kill -STOP $$") { $0.timeout = .milliseconds(300) }
        #expect(result.interruption == .timeout)
        #expect(left == 0)
    }

    @Test("A command that closes its output and runs on is ended by its timeout")
    func closesOutput() async {
        let (result, output) = await run("echo before; exec >&- 2>&-; sleep 600") { $0.timeout = .milliseconds(500) }
        #expect(result.interruption == .timeout)
        #expect(output.text == "before\n")
        #expect(left == 0)
    }

    @Test("Silence is ended by the idle timeout")
    func idle() async {
        let (result, output) = await run("echo one; sleep 600") { $0.idleTimeout = .milliseconds(400) }
        #expect(result.interruption == .idleTimeout)
        #expect(output.text == "one\n")
    }

    @Test("Output without a newline keeps a command from being idle, but not from its timeout")
    func noNewline() async {
        let (result, output) = await run("while :; do printf x; sleep 0.02; done") {
            $0.idleTimeout = .seconds(20)
            $0.timeout = .milliseconds(600)
        }
        #expect(result.interruption == .timeout)
        #expect(!output.all.isEmpty && output.all.allSatisfy { $0 == UInt8(ascii: "x") })
    }

    @Test("A command asked to end, before or while it runs, ends")
    func asked() async {
        let early = CommandControl()
        early.interrupt(.asked)
        let (result, _) = await run("sleep 600", control: early)
        #expect(result.interruption == .asked)

        let control = CommandControl()
        let result2 = await CommandThread.run(command("echo up; sleep 600"), control: control) { _ in control.interrupt(.asked, kill: true) }
        #expect(result2.ending == .signalled(SIGKILL))
        #expect(result2.interruption == .asked)
        #expect(left == 0)
    }

    @Test("A command is killed when its output cannot be kept")
    func refused() async {
        let result = await CommandThread.run(command("yes"), control: CommandControl()) { _ throws(OutputRefusal) in
            throw OutputRefusal(number: ENOSPC)
        }
        #expect(result.interruption == .outputRefused(ENOSPC))
    }

    @Test("A program or a directory that is not there is told apart from a command that fails")
    func missing() async {
        let (noProgram, _) = await run("") { $0.program = "/nowhere/program" }
        #expect(noProgram.ending == .noProgram(ENOENT))
        let (noDirectory, _) = await run("") { $0.directory = "/nowhere" }
        #expect(noDirectory.ending == .noDirectory(ENOENT))
    }

    @Test("When the guard itself is killed the command dies, and what detached is found by its mark")
    func guardKilled() async throws {
        let mark = EnvironmentMark(value: String(word.dropFirst("DOORBELL_GUARD_TEST=".count)))
        let collected = Collected()
        let text = "setsid sleep 600 & cat /proc/$$/stat; sleep 600"
        var marked = command(text)
        marked.environment[EnvironmentMark.name] = mark.value
        let result = await CommandThread.run(marked, control: CommandControl()) { bytes in
            collected.take(bytes)
            // The fourth field of the shell's stat is its parent, the guard.
            let fields = collected.text.split(separator: ")").last?.split(separator: " ") ?? []
            if fields.count > 1, let parent = pid_t(fields[1]) { kill(parent, SIGKILL) }
        }
        #expect(result.ending == .guardLost)
        let (_, gone) = mark.sweep()
        #expect(gone)
        #expect(left == 0)
    }
}
