import Foundation
import ProcessSupport
import TestSupport
import Testing

/// A checker from Debian or PyPI, run on what lies in `deploy/`. `make setup` installs them.
struct Tool {
    static let top: String = {
        var path = #filePath
        for _ in 0..<3 { path = (path as NSString).deletingLastPathComponent }
        return path
    }()

    static func file(_ path: String) -> String { top + "/deploy/" + path }

    struct Result {
        var status: Int32?
        var output: String
    }

    /// Runs a program, found by its path, or by its name on the PATH or among the project's own tools.
    static func run(_ name: String, _ arguments: [String], in directory: String = top) async throws -> Result {
        let places = [top + "/.build/tools/bin"] + (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
        let program = try #require(
            (name.hasPrefix("/") ? [name] : places.map { $0 + "/" + name }).first { FileManager.default.isExecutableFile(atPath: $0) },
            "\(name) is missing: run make setup")
        let scratch = TemporaryDirectory()
        let process = try RunningProcess(program, arguments, in: directory, logs: scratch.path, name: (program as NSString).lastPathComponent)
        let status = await process.status()
        return Result(status: status, output: process.output + process.errorOutput)
    }
}
