import Domain
import Foundation
import Synchronization

/// Runs the git commands, or those of hg, of one checkout: under the guard, within the step's time, their output in the step's log.
struct GitCommands: Sendable {
    let program: String
    /// As it is called by itself: `git` or `hg`.
    var name = "git"
    /// In front of every command.
    var general: [String] = []
    let environment: [String: String]
    let build: HeldBuild
    let deadline: ContinuousClock.Instant
    let idleTimeout: Duration?
    let grace: Duration
    let keep: Int32
    let acknowledged: HeldBuild.End?
    let output: CommandThread.Output

    /// `doing` completes the sentence “git failed to …”.
    func run(_ arguments: [String], in directory: String, doing: String) async throws(GitFailure) {
        let result = await execute(arguments, in: directory, output: output)
        guard result.succeeded else { throw .command(result, doing: doing) }
    }

    /// True when the command succeeds; only an end from outside is thrown.
    func succeeds(
        _ arguments: [String], in directory: String, doing: String, output: @escaping CommandThread.Output = { _ in }
    ) async throws(GitFailure) -> Bool {
        let result = await execute(arguments, in: directory, output: output)
        guard case .exited(let status) = result.ending, result.interruption == nil else { throw .command(result, doing: doing) }
        return status == 0
    }

    /// The first line that it prints; nil when it fails.
    func line(_ arguments: [String], in directory: String, doing: String) async throws(GitFailure) -> String? {
        let limit = 4096
        let text = SharedBytes(limit: limit)
        let result = await execute(arguments, in: directory) { (bytes: UnsafeRawBufferPointer) throws(OutputRefusal) in text.append(bytes) }
        guard case .exited(let status) = result.ending, result.interruption == nil else { throw .command(result, doing: doing) }
        guard status == 0 else { return nil }
        return String(decoding: text.bytes, as: UTF8.self).split(whereSeparator: \.isNewline).first.map(String.init)
    }

    /// Writes a line of our own to the step's log.
    func say(_ text: String) throws(GitFailure) {
        do {
            try Array((text + "\n").utf8).pass(to: output)
        } catch {
            throw .command(
                CommandResult(ending: .exited(0), interruption: .outputRefused(error.number), duration: .zero), doing: "write to the log")
        }
    }

    private func execute(_ arguments: [String], in directory: String, output: @escaping CommandThread.Output) async -> CommandResult {
        let command = GuardedCommand(
            program: program, arguments: [name] + general + arguments, environment: environment, directory: directory,
            timeout: max(.zero, deadline - .now), idleTimeout: idleTimeout, grace: grace, keep: keep)
        let control = CommandControl()
        build.begin(control, inSpiteOf: acknowledged)
        defer { build.done() }
        return await CommandThread.run(command, control: control, output: output)
    }
}

/// Bytes that a command's thread collects, up to a limit.
private final class SharedBytes: Sendable {
    private let limit: Int
    private let collected = Mutex<[UInt8]>([])

    init(limit: Int) {
        self.limit = limit
    }

    var bytes: [UInt8] { collected.withLock { $0 } }

    func append(_ bytes: UnsafeRawBufferPointer) {
        collected.withLock { $0.append(contentsOf: bytes.prefix(max(0, limit - $0.count))) }
    }
}
