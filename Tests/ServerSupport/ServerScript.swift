import Foundation
import ProcessSupport
import Synchronization

/// A script of `deploy/cluster`, which starts and stops a private server.
public struct ServerScript: Sendable {
    public struct Failure: Error, CustomStringConvertible {
        public var text: String
        public var description: String { text }
    }

    public static let postgres = ServerScript(name: "postgres")
    public static let rabbitmq = ServerScript(name: "rabbitmq")

    let path: String

    public init(name: String) {
        var top = #filePath
        for _ in 0..<3 { top = (top as NSString).deletingLastPathComponent }
        path = "\(top)/deploy/cluster/\(name)"
    }

    /// Runs the script to its end and returns what it prints.
    public func run(_ arguments: [String], in directory: String) async throws -> String {
        let process = try RunningProcess(path, arguments, in: directory, logs: directory, name: "script-\(UUID().uuidString)")
        let status = await process.status(within: .seconds(120))
        guard status == 0 else {
            throw Failure(text: "\(path) \(arguments.joined(separator: " ")): status \(status.map(String.init) ?? "none"): \(process.errorOutput)")
        }
        return process.output
    }

    /// Leaves a process behind that waits for the end of this one, then stops the server in the directory and removes that.
    public func stopWhenThisProcessEnds(_ directory: String) throws {
        let text = #"while kill -0 "$1" 2>/dev/null; do sleep 1; done; "$2" stop "$3"; rm -rf "$3""#
        let watcher = try RunningProcess(
            "/usr/bin/setsid", ["bash", "-c", text, "watcher", String(ProcessInfo.processInfo.processIdentifier), path, directory],
            in: "/", logs: directory, name: "watcher")
        Self.watchers.withLock { $0.append(watcher) }
    }

    /// Kept for ever: a process is ended with its object.
    private static let watchers = Mutex<[RunningProcess]>([])
}
