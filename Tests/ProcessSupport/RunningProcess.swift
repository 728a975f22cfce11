import CSpawn
import Foundation
import Synchronization

/// A program that a test started. Its output goes to files, so that it never waits for a reader; it is ended with the object.
public final class RunningProcess: Sendable {
    public let pid: pid_t
    public let outputPath: String
    public let errorPath: String
    private let exit: ExitSignal

    /// How a process ended: its exit status, or the negative number of the signal that ended it.
    public typealias Status = Int32

    public init(
        _ executable: String, _ arguments: [String], in directory: String, environment: [String: String] = [:], logs: String, name: String
    ) throws {
        outputPath = "\(logs)/\(name).out"
        errorPath = "\(logs)/\(name).err"
        for path in [outputPath, errorPath] where !FileManager.default.fileExists(atPath: path) {
            try Data().write(to: URL(fileURLWithPath: path))
        }
        let environment = Self.cleanEnvironment.merging(environment) { _, new in new }
        pid = try Self.start(
            executable, arguments, environment: environment.map { "\($0)=\($1)" }, directory: directory,
            output: try Self.appending(to: outputPath), errors: try Self.appending(to: errorPath))
        let (pid, exit) = (pid, ExitSignal())
        self.exit = exit
        // Foundation's Process would watch a descriptor instead, which a program may close and another may inherit.
        let waiting = Thread { exit.set(Self.wait(for: pid)) }
        waiting.name = "waits for a process"
        waiting.start()
    }

    private static func start(
        _ executable: String, _ arguments: [String], environment: [String], directory: String, output: FileHandle, errors: FileHandle
    ) throws -> pid_t {
        var pid: pid_t = 0
        var given = ([executable] + arguments).map { strdup($0) } + [nil]
        var variables = environment.map { strdup($0) } + [nil]
        defer { for text in given + variables { free(text) } }
        let failure = doorbell_spawn(executable, &given, &variables, directory, output.fileDescriptor, errors.fileDescriptor, &pid)
        guard failure == 0 else { throw CannotStart(executable: executable, reason: String(cString: strerror(failure))) }
        return pid
    }

    /// Runs a program to its end on the calling thread. Its output goes to files, which are made anew.
    public static func runToEnd(
        _ executable: String, _ arguments: [String], in directory: String, environment: [String: String], output: String, errors: String
    ) throws -> Status {
        for path in [output, errors] { try Data().write(to: URL(fileURLWithPath: path)) }
        let pid = try start(
            executable, arguments, environment: environment.map { "\($0)=\($1)" }, directory: directory, output: try appending(to: output),
            errors: try appending(to: errors))
        return wait(for: pid)
    }

    private static func appending(to path: String) throws -> FileHandle {
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try handle.seekToEnd()
        return handle
    }

    private static func wait(for pid: pid_t) -> Status {
        var status: Int32 = 0
        while waitpid(pid, &status, 0) == -1, errno == EINTR {}
        let signal = status & 0x7f
        return signal == 0 ? (status >> 8) & 0xff : -signal
    }

    deinit {
        if !exit.isSet { kill(pid, SIGKILL) }
    }

    /// The variables a test passes on: none of Doorbell's own, so that the machine's settings decide nothing.
    private static var cleanEnvironment: [String: String] {
        ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("DOORBELL_") || $0.key == "DOORBELL_BINARIES" }
    }

    public func send(_ signal: Int32) {
        if !exit.isSet { kill(pid, signal) }
    }

    /// Waits for the end; nil when it has not come within the bound.
    public func status(within bound: Duration = .seconds(60)) async -> Status? {
        await exit.value(within: bound)
    }

    public var hasEnded: Bool { exit.isSet }
    public var output: String { (try? String(decoding: Data(contentsOf: URL(fileURLWithPath: outputPath)), as: UTF8.self)) ?? "" }
    public var errorOutput: String { (try? String(decoding: Data(contentsOf: URL(fileURLWithPath: errorPath)), as: UTF8.self)) ?? "" }
}

struct CannotStart: Error, CustomStringConvertible {
    var executable: String
    var reason: String
    var description: String { "\(executable) cannot be started: \(reason)" }
}

/// A value that is set once, from any thread, and awaited with a bound.
final class ExitSignal: Sendable {
    private struct State {
        var status: Int32?
        var waiters: [UInt64: CheckedContinuation<Int32?, Never>] = [:]
        var next: UInt64 = 0
    }
    private let state = Mutex(State())

    var isSet: Bool { state.withLock { $0.status != nil } }

    func set(_ status: Int32) {
        let waiters = state.withLock { state in
            state.status = status
            let all = state.waiters
            state.waiters = [:]
            return all
        }
        for waiter in waiters.values { waiter.resume(returning: status) }
    }

    func value(within bound: Duration) async -> Int32? {
        await withCheckedContinuation { continuation in
            let (known, id): (Int32?, UInt64) = state.withLock { state in
                if let status = state.status { return (status, 0) }
                state.next += 1
                state.waiters[state.next] = continuation
                return (nil, state.next)
            }
            if let known {
                continuation.resume(returning: known)
                return
            }
            Task { [weak self] in
                try? await Task.sleep(for: bound)
                self?.giveUp(id)
            }
        }
    }

    private func giveUp(_ id: UInt64) {
        state.withLock { $0.waiters.removeValue(forKey: id) }?.resume(returning: nil)
    }
}
