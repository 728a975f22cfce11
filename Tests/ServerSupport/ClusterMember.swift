import Foundation
import ProcessSupport
import Synchronization

/// One process of a cluster: it is killed and started again as a test likes, always at the same address and on the same disk.
public final class ClusterMember: Sendable {
    public let name: String
    public let role: String
    /// Its health and routes; without use for workers, who have none.
    public let api: API
    private let executable: String
    private let arguments: [String]
    private let directory: String
    private let environment: [String: String]
    private let process = Mutex<RunningProcess?>(nil)

    init(name: String, role: String, executable: String, arguments: [String], port: Int, directory: String, environment: [String: String]) {
        self.name = name
        self.role = role
        self.executable = executable
        self.arguments = arguments
        self.directory = directory
        self.environment = environment
        api = API(port: port)
    }

    /// Starts it and does not wait.
    public func start() throws {
        let new = try RunningProcess(executable, arguments, in: directory, environment: environment, logs: directory, name: name)
        process.withLock { $0 = new }
    }

    public var pid: pid_t? { process.withLock { $0?.pid } }
    public var errorOutput: String { process.withLock { $0 }?.errorOutput ?? "" }
    /// How it ended; nil while it runs.
    public var endedWith: String? { process.withLock { $0 }.flatMap { $0.hasEnded ? "an exit" : nil } }

    public func kill() { process.withLock { $0 }?.send(SIGKILL) }
    public func send(_ signal: Int32) { process.withLock { $0 }?.send(signal) }

    /// Its exit status, or the negative number of the signal that ended it; nil when it goes on.
    public func waitForEnd(within bound: Duration = .seconds(60)) async -> Int32? {
        await process.withLock { $0 }?.status(within: bound)
    }

    /// Ends it with `kill -9`, or lets it drain, and starts it again.
    public func bounce(draining: Bool = false) async throws {
        send(draining ? SIGTERM : SIGKILL)
        guard let status = await waitForEnd() else { throw EndedEarly(output: "\(name) does not stop") }
        if draining, status != 0 { throw EndedEarly(output: "\(name) ended with \(status) instead of draining: \(errorOutput)") }
        try start()
    }
}
