import Foundation

/// A real git repository of a test's own.
public struct GitRepository: Sendable {
    public let path: String

    /// Makes an empty repository whose branch is `main`.
    public init(at path: String) throws {
        self.path = path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try git("init", "--quiet", "--initial-branch=main")
    }

    /// Writes files and commits them; returns the revision.
    @discardableResult
    public func commit(_ files: [String: String], message: String, author: String = "Ada Example <ada@example.org>") throws -> String {
        for (name, text) in files {
            let file = path + "/" + name
            try FileManager.default.createDirectory(
                atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            try text.write(toFile: file, atomically: false, encoding: .utf8)
        }
        try git("add", "--all")
        try git("commit", "--quiet", "--allow-empty", "--message", message, "--author", author)
        return try git("rev-parse", "HEAD")
    }

    @discardableResult
    public func git(_ arguments: String...) throws -> String {
        var environment = ProcessInfo.processInfo.environment
        environment["GIT_CONFIG_NOSYSTEM"] = "1"
        // Not by Foundation's Process: dozens that are started at once bring that down.
        let place = (NSTemporaryDirectory() as NSString).appendingPathComponent("doorbell-git-\(UUID().uuidString)")
        defer { for end in ["out", "err"] { try? FileManager.default.removeItem(atPath: "\(place).\(end)") } }
        let status = try RunningProcess.runToEnd(
            "/usr/bin/env",
            ["git", "-C", path, "-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"] + arguments,
            in: path, environment: environment, output: place + ".out", errors: place + ".err")
        let data = try Data(contentsOf: URL(fileURLWithPath: place + ".out"))
        guard status == 0 else {
            let complaint = try Data(contentsOf: URL(fileURLWithPath: place + ".err"))
            throw GitFailure(command: arguments.joined(separator: " "), message: String(decoding: complaint, as: UTF8.self))
        }
        return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}

public struct GitFailure: Error, CustomStringConvertible {
    public var command: String
    public var message: String
    public var description: String { "git \(command): \(message)" }
}
