import Foundation

/// A server that `deploy/cluster` starts for the tests of this process, in a directory of its own; it ends with the process, however that ends.
public final class PrivateServer: Sendable {
    public let directory: String
    private let script: String

    private static let top: String = {
        var path = #filePath
        for _ in 0..<3 { path = (path as NSString).deletingLastPathComponent }
        return path
    }()

    /// - Parameter script: its name in `deploy/cluster`.
    public init(script name: String) throws {
        script = "\(Self.top)/deploy/cluster/\(name)"
        directory = NSTemporaryDirectory() + "doorbell-\(name)-\(UUID().uuidString.prefix(8).lowercased())"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try watch()
    }

    /// Runs the script's command on this server's directory; gives what it printed, without the newline.
    @discardableResult
    public func run(_ command: String, _ arguments: String...) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: script)
        process.arguments = [command, directory] + arguments
        process.standardInput = FileHandle.nullDevice
        // A file, not a pipe: a server that the script leaves behind would keep a pipe open.
        let output = "\(directory)/script-\(UUID().uuidString)"
        try Data().write(to: URL(fileURLWithPath: output))
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: output))
        process.standardOutput = handle
        process.standardError = handle
        try process.run()
        process.waitUntilExit()
        let text = try String(contentsOfFile: output, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
        try? FileManager.default.removeItem(atPath: output)
        guard process.terminationStatus == 0 else { throw PrivateServerFailure(command: "\(script) \(command)", output: text) }
        return text
    }

    /// Another process waits for the end of this one, and then stops the server: also after a crash or a kill.
    private func watch() throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/setsid")
        process.arguments = [
            "/bin/sh", "-c", "while kill -0 \"$1\" 2>/dev/null; do sleep 0.5; done; \"$2\" stop \"$3\" immediate >/dev/null 2>&1; rm -rf \"$3\"",
            "watch",
            String(ProcessInfo.processInfo.processIdentifier), script, directory,
        ]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
    }
}

public struct PrivateServerFailure: Error, CustomStringConvertible {
    public var command: String
    public var output: String

    public var description: String { "\(command): \(output)" }
}
