import Foundation

/// A real Mercurial repository of a test's own.
public struct MercurialRepository: Sendable {
    public let path: String

    public init(at path: String) throws {
        self.path = path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try hg("init", path)
    }

    /// Writes files and commits them; returns the changeset's id.
    @discardableResult
    public func commit(_ files: [String: String], message: String, author: String = "Ada Example <ada@example.org>") throws -> String {
        for (name, text) in files {
            let file = path + "/" + name
            try FileManager.default.createDirectory(
                atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            try text.write(toFile: file, atomically: false, encoding: .utf8)
        }
        try hg("addremove", "--quiet")
        try hg("commit", "--message", message, "--user", author)
        return try hg("log", "--rev", ".", "--template", "{node}")
    }

    @discardableResult
    public func hg(_ arguments: String...) throws -> String {
        var environment = ProcessInfo.processInfo.environment
        for (name, value) in ["HGPLAIN": "1", "HGRCPATH": "", "HGENCODING": "UTF-8"] { environment[name] = value }
        let place = (NSTemporaryDirectory() as NSString).appendingPathComponent("doorbell-hg-\(UUID().uuidString)")
        defer { for end in ["out", "err"] { try? FileManager.default.removeItem(atPath: "\(place).\(end)") } }
        let status = try RunningProcess.runToEnd(
            "/usr/bin/env", ["hg", "--repository", path] + arguments, in: path, environment: environment, output: place + ".out",
            errors: place + ".err")
        let data = try Data(contentsOf: URL(fileURLWithPath: place + ".out"))
        guard status == 0 else {
            let complaint = try Data(contentsOf: URL(fileURLWithPath: place + ".err"))
            throw GitFailure(command: "hg " + arguments.joined(separator: " "), message: String(decoding: complaint, as: UTF8.self))
        }
        return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
