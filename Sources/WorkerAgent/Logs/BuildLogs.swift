import Crypto
import Domain
import Foundation
import Synchronization

/// The logs of one build: a spool file for each step that printed something.
final class BuildLogs: Sendable {
    struct Log: Sendable {
        var name: String
        var step: Int
        var file: SpoolFile
    }

    private struct State {
        var logs: [Int: Log] = [:]
        /// The names of the steps that ran, whether they printed anything or not.
        var steps: [Int: String] = [:]
    }

    private let directory: String
    private let budget: SpoolBudget
    private let state = Mutex(State())
    /// Each log as it begins.
    let opened: AsyncStream<Log>
    private let opening: AsyncStream<Log>.Continuation

    init(directory: String, budget: SpoolBudget) {
        self.directory = directory
        self.budget = budget
        (opened, opening) = AsyncStream.makeStream()
    }

    /// Adds to the log of a step, which begins with its first byte. Blocks.
    func append(_ bytes: UnsafeRawBufferPointer, number: Int, step: String) throws(OutputRefusal) {
        guard !bytes.isEmpty else { return }
        try log(number: number, step: step).file.append(bytes)
    }

    /// No byte will follow in any log.
    func seal() {
        let logs = state.withLock { $0.logs.values.map(\.self) }
        for log in logs { log.file.seal() }
        opening.finish()
    }

    var all: [Log] { state.withLock { $0.logs.values.sorted { $0.step < $1.step } } }

    /// A step runs: it has a log, be it empty.
    func note(number: Int, step: String) {
        state.withLock { $0.steps[number] = step }
    }

    var declarations: [LogDeclaration] {
        let (logs, steps) = state.withLock { ($0.logs, $0.steps) }
        return steps.sorted { $0.key < $1.key }.map { number, step in
            let name = LogName.make(number: number, step: step)
            guard let log = logs[number] else { return LogDeclaration(name: name, step: number, size: 0, sha256: Self.emptySHA256) }
            return LogDeclaration(name: name, step: number, size: log.file.progress.size, sha256: log.file.sha256)
        }
    }

    private static let emptySHA256 = SHA256().finalize().hexadecimal

    /// Frees the disk space. Blocks.
    func remove() {
        for log in all { log.file.remove() }
        rmdir(directory)
    }

    private func log(number: Int, step: String) throws(OutputRefusal) -> Log {
        if let known = state.withLock({ $0.logs[number] }) { return known }
        if mkdir(directory, 0o700) != 0, errno != EEXIST { throw OutputRefusal(number: errno) }
        let name = LogName.make(number: number, step: step)
        let log = Log(name: name, step: number, file: try SpoolFile(path: directory + "/" + name, budget: budget))
        state.withLock { $0.logs[number] = log }
        opening.yield(log)
        return log
    }
}
